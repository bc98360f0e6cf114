"""
FastAPI and a process of `soffice --convert-to` for each document, for bench/run.
Run by uvicorn, as its authors would:

    PEER_DIR=... PEER_SLOTS=2 uvicorn fastapi_soffice:app

POST /convert with a form's `file` answers with the PDF, or with 422.
"""

import os
import shutil
import tempfile

from fastapi import FastAPI, File, HTTPException, UploadFile
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from soffice import Profiles

ROOT = os.environ['PEER_DIR']

app = FastAPI()
profiles = Profiles(ROOT, int(os.environ['PEER_SLOTS']))


@app.get('/health')
def health():
    return {'status': 'ok'}


# Not `async`: FastAPI gives it a thread, in which it may wait for its turn.
@app.post('/convert')
def convert(file: UploadFile = File(...)):
    work = tempfile.mkdtemp(dir=ROOT)
    source = os.path.join(work, 'in' + os.path.splitext(file.filename)[1])
    with open(source, 'wb') as out:
        shutil.copyfileobj(file.file, out)
    target = profiles.convert(source, work)
    if target is None:
        shutil.rmtree(work)
        raise HTTPException(422, 'not converted')
    return FileResponse(target, media_type='application/pdf',
                        background=BackgroundTask(shutil.rmtree, work))
