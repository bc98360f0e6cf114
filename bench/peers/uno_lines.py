#!/usr/bin/python3
"""
Long-lived LibreOffices over UNO, for bench/run: what a service has that
keeps soffice running and gives it one document after the other (unoconv,
unoserver, JODConverter).  One thread to an instance; a soffice that dies, or
takes longer than the limit, is started again, and its document has failed.

    uno_lines.py SOFFICE DIRECTORY INSTANCES LIMIT

SOFFICE is soffice.bin, DIRECTORY is for profiles, LIMIT the seconds that a
document may take.  When all are up it prints "ready" and the instances' pids.
Then, for each line of standard input that names a file of "INPUT<tab>OUTPUT"
lines, it converts them to PDF and prints, for each, "INPUT<tab>" and "ok" or
an error, and at last "done SECONDS RESTARTS" and the pids.  Ends, and ends
what it started, at the end of its input or by SIGTERM.

Needs Debian's python3-uno, and so Debian's /usr/bin/python3.
"""

import queue
import signal
import sys
import threading
import time

from uno_office import Office, watch


def work(office, jobs, results, limit):
    while True:
        try:
            source, target = jobs.get_nowait()
        except queue.Empty:
            return
        results.append((source, office.convert(source, target, limit)))


def run(offices, listing, limit):
    jobs = queue.Queue()
    with open(listing) as lines:
        for line in lines:
            jobs.put(line.rstrip('\n').split('\t'))

    results = []
    before = sum(office.starts for office in offices)
    began = time.monotonic()
    threads = [threading.Thread(target=work, args=(office, jobs, results, limit))
               for office in offices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began

    for source, said in results:
        print('%s\t%s' % (source, said))
    print('done %.6f %d %s' % (seconds, sum(office.starts for office in offices) - before,
                               ' '.join(str(office.process.pid) for office in offices)),
          flush=True)


def main():
    program, directory, instances, limit = sys.argv[1:]
    offices = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        for number in range(int(instances)):
            offices.append(Office(program, directory, number))
        threading.Thread(target=watch, args=(offices,), daemon=True).start()
        print('ready', *(office.process.pid for office in offices), flush=True)
        for line in sys.stdin:
            run(offices, line.rstrip('\n'), float(limit))
    finally:
        for office in offices:
            office.stop()


main()
