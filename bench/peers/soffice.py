"""
`soffice --convert-to` as a service runs it: a process for each document, and a
profile for each of those that run at the same time, as two cannot share one.
"""

import os
import queue
import subprocess

LIMIT = float(os.environ.get('PEER_LIMIT', '120'))


class Profiles:
    """So many conversions at a time."""

    def __init__(self, directory, slots):
        self.free = queue.Queue()
        for number in range(slots):
            self.free.put('%s/profile-%d' % (directory, number))

    def convert(self, source, outdir):
        profile = self.free.get()
        try:
            return convert(profile, source, outdir)
        finally:
            self.free.put(profile)


def convert(profile, source, outdir):
    """The path of the PDF, or None."""
    try:
        subprocess.run(['soffice', '-env:UserInstallation=file://' + profile, '--headless',
                        '--convert-to', 'pdf', '--outdir', outdir, source],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return None
    name = os.path.splitext(os.path.basename(source))[0] + '.pdf'
    target = os.path.join(outdir, name)
    return target if os.path.exists(target) else None
