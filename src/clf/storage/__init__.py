"""What stays on the disk: where it may go, and how it gets there whole.

result_folders    what the folders of results are called and hold, and how clf knows its own
disk              JSON replaced in one step, SHA-256, flushing, the words for a full disk
output            where a result may go: refused before anything is computed
publish           staged folders that appear in one step; locks; what an interrupted replacement left
run_folder        what a training run leaves beside its model: history, log, timing, result
prediction_parts  windows of predictions on their way into one file
"""
