"""The server behind `clf serve`, from the wire to the model.

problems     errors as answers: status, kind and hint in one JSON shape, and the headers that every answer has
credentials  the token from CLF_SERVE_TOKEN or CLF_SERVE_TOKEN_FILE, and whether other machines may reach the server
guard        what every request passes before the app sees it: Host header, token, limits on its size
protocol     deadlines and limits for connections, on top of uvicorn's protocol
"""
