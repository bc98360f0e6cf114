"""
A pool of long-lived LibreOffices over UNO behind HTTP, for bench/run: what
unoserver and Gotenberg do inside.  Run by uvicorn, as its authors would:

    PEER_DIR=... PEER_SOFFICE=... PEER_SLOTS=2 uvicorn uno_http:app

POST /convert with a form's `file` answers with the PDF, or with 422.
"""

import os
import queue
import shutil
import tempfile
import threading

from fastapi import FastAPI, File, HTTPException, UploadFile
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from uno_office import Office, watch

ROOT = os.environ['PEER_DIR']
LIMIT = float(os.environ.get('PEER_LIMIT', '120'))

app = FastAPI()
offices = queue.Queue()
every = []


@app.on_event('startup')
def start():
    for number in range(int(os.environ['PEER_SLOTS'])):
        office = Office(os.environ['PEER_SOFFICE'], ROOT, number)
        every.append(office)
        offices.put(office)
    threading.Thread(target=watch, args=(every,), daemon=True).start()


@app.on_event('shutdown')
def stop():
    for office in every:
        office.stop()


@app.get('/health')
def health():
    return {'status': 'ok'}


# Not `async`: FastAPI gives it a thread, in which it may wait for its turn.
@app.post('/convert')
def convert(file: UploadFile = File(...)):
    work = tempfile.mkdtemp(dir=ROOT)
    source = os.path.join(work, 'in' + os.path.splitext(file.filename)[1])
    target = os.path.join(work, 'out.pdf')
    with open(source, 'wb') as out:
        shutil.copyfileobj(file.file, out)
    office = offices.get()
    try:
        said = office.convert(source, target, LIMIT)
    finally:
        offices.put(office)
    if said != 'ok':
        shutil.rmtree(work)
        raise HTTPException(422, said)
    return FileResponse(target, media_type='application/pdf',
                        background=BackgroundTask(shutil.rmtree, work))
