"""The server behind `clf serve`, from the wire to the model.

problems     errors as answers: status, kind and hint in one JSON shape, and the headers that every answer has
credentials  the token from CLF_SERVE_TOKEN or CLF_SERVE_TOKEN_FILE, and whether other machines may reach the server
guard        what every request passes before the app sees it: Host header, token, limits on its size
protocol     deadlines and limits for connections, on top of uvicorn's protocol
server       the socket, uvicorn with all of this, and how the server ends
observed     counts every request, and logs it
log_lines    the log: lines of JSON on stderr, which never wait for their reader
metrics      what is counted, in the format of Prometheus
app          what each address answers
openapi      what OpenAPI says of limits, errors and the token
schemas      the bodies of requests and answers
labelling    the texts of a request: cleaned, tokenized, queued and answered
small_first  a thread that prepares the texts of small requests before those of large ones
model_thread the thread in which the model is loaded and run
batcher      a bounded queue, and one thread that runs the model on the texts of many requests
page         the files of the page for people
"""
