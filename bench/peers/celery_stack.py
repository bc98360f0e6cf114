"""
FastAPI, Celery, Redis and PostgreSQL with a task for each file, for bench/run:
the job service that many write first.  Its two programs, as their authors run them:

    uvicorn celery_stack:app
    celery -A celery_stack:queue worker --concurrency 2

both with PEER_DIR, PEER_DATABASE (an SQLAlchemy URL) and PEER_REDIS (a URL).

POST /jobs       a form's `file`: a document, or a ZIP of documents; 202 {"id"}
GET  /jobs/ID    {"status": "processing" or "completed", "done": N, "failed": N}
GET  /jobs/ID/download   a ZIP of all PDFs
"""

import os
import shutil
import uuid
import zipfile

from celery import Celery
from celery.signals import worker_process_init
from fastapi import FastAPI, File, HTTPException, UploadFile
from fastapi.responses import FileResponse
from sqlalchemy import Column, ForeignKey, Integer, String, create_engine, func
from sqlalchemy.orm import declarative_base, sessionmaker

import soffice

ROOT = os.environ['PEER_DIR']

Base = declarative_base()
engine = create_engine(os.environ['PEER_DATABASE'], pool_size=10)
Session = sessionmaker(engine)


class Job(Base):
    __tablename__ = 'jobs'
    id = Column(String, primary_key=True)


class Document(Base):
    __tablename__ = 'documents'
    id = Column(Integer, primary_key=True)
    job_id = Column(String, ForeignKey('jobs.id'), index=True)
    path = Column(String, nullable=False)
    result = Column(String)
    status = Column(String, nullable=False, default='pending')


queue = Celery('celery_stack', broker=os.environ['PEER_REDIS'])
queue.conf.update(task_ignore_result=True, task_acks_late=True, worker_prefetch_multiplier=1,
                  broker_connection_retry_on_startup=True)
app = FastAPI()


@app.on_event('startup')
def start():
    Base.metadata.create_all(engine)


# A connection of the parent's is not to be used by two processes.
@worker_process_init.connect
def fresh(**_):
    engine.dispose()


@queue.task
def convert(number):
    with Session() as session:
        document = session.get(Document, number)
        document.status = 'processing'
        session.commit()
        document.result = soffice.convert('%s/profile-%d' % (ROOT, os.getpid()), document.path,
                                          os.path.dirname(document.path))
        document.status = 'completed' if document.result else 'failed'
        session.commit()


@app.get('/health')
def health():
    return {'status': 'ok'}


def unpacked(path, directory):
    """What an archive holds, each in a directory of its own, or the document itself."""
    if not path.endswith('.zip'):
        return [path]
    paths = []
    with zipfile.ZipFile(path) as archive:
        for number, entry in enumerate(archive.infolist()):
            inner = os.path.join(directory, str(number))
            os.mkdir(inner)
            paths.append(os.path.join(inner, os.path.basename(entry.filename)))
            with archive.open(entry) as source, open(paths[-1], 'wb') as out:
                shutil.copyfileobj(source, out)
    return paths


@app.post('/jobs', status_code=202)
def submit(file: UploadFile = File(...)):
    job = Job(id=str(uuid.uuid4()))
    directory = os.path.join(ROOT, job.id)
    os.mkdir(directory)
    path = os.path.join(directory, os.path.basename(file.filename))
    with open(path, 'wb') as out:
        shutil.copyfileobj(file.file, out)
    with Session() as session:
        session.add(job)
        session.flush()
        documents = [Document(job_id=job.id, path=path) for path in unpacked(path, directory)]
        session.add_all(documents)
        session.commit()
        for document in documents:
            convert.delay(document.id)
        return {'id': job.id}


@app.get('/jobs/{job}')
def status(job: str):
    with Session() as session:
        count = dict(session.query(Document.status, func.count())
                     .filter(Document.job_id == job).group_by(Document.status).all())
    if not count:
        raise HTTPException(404, 'no such job')
    open_ones = count.get('pending', 0) + count.get('processing', 0)
    return {'status': 'processing' if open_ones else 'completed',
            'done': count.get('completed', 0), 'failed': count.get('failed', 0)}


@app.get('/jobs/{job}/download')
def download(job: str):
    with Session() as session:
        documents = session.query(Document).filter(Document.job_id == job,
                                                   Document.status == 'completed').all()
    path = os.path.join(ROOT, job, 'results.zip')
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for document in documents:
            archive.write(document.result, '%d-%s' % (document.id,
                                                      os.path.basename(document.result)))
    return FileResponse(path, media_type='application/zip')
