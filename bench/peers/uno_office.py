"""
A long-lived LibreOffice, driven over UNO: what unoconv, unoserver and
JODConverter have inside.  It converts one document at a time; one that dies,
or takes longer than the limit, is started again, and its document has failed.
Both peers that use it are beside this file: uno_lines.py and uno_http.py.

Needs Debian's python3-uno, and so Debian's /usr/bin/python3.
"""

import os
import subprocess
import time

import uno
from com.sun.star.beans import PropertyValue

FILTERS = [
    ('com.sun.star.text.WebDocument', 'writer_web_pdf_Export'),
    ('com.sun.star.text.TextDocument', 'writer_pdf_Export'),
    ('com.sun.star.sheet.SpreadsheetDocument', 'calc_pdf_Export'),
    ('com.sun.star.presentation.PresentationDocument', 'impress_pdf_Export'),
    ('com.sun.star.drawing.DrawingDocument', 'draw_pdf_Export'),
]

AGAIN = 81  # the exit code with which soffice asks to be started again, once


def prop(name, value):
    return PropertyValue(Name=name, Value=value)


class Office:
    """One soffice, and the desktop in it."""

    def __init__(self, program, directory, number):
        self.program = program
        self.profile = '%s/uno-%d' % (directory, number)
        self.pipe = 'platen-bench-%d-%d' % (os.getpid(), number)
        self.deadline = None
        self.starts = 0
        self.start()

    def execute(self):
        self.process = subprocess.Popen(
            [self.program, '-env:UserInstallation=file://' + self.profile, '--headless',
             '--invisible', '--nologo', '--norestore', '--nodefault', '--nofirststartwizard',
             '--accept=pipe,name=%s;urp' % self.pipe],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        self.starts += 1
        self.execute()
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext(
            'com.sun.star.bridge.UnoUrlResolver', local)
        url = 'uno:pipe,name=%s;urp;StarOffice.ComponentContext' % self.pipe
        until = time.monotonic() + 60
        while True:
            try:
                context = resolver.resolve(url)
                break
            except Exception:
                code = self.process.poll()
                if code == AGAIN:
                    self.execute()
                elif code is not None or time.monotonic() > until:
                    raise
                time.sleep(0.05)
        self.desktop = context.ServiceManager.createInstanceWithContext(
            'com.sun.star.frame.Desktop', context)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def convert(self, source, target, limit):
        self.deadline = time.monotonic() + limit
        try:
            return self.load_and_store(source, target)
        except Exception as error:
            said = ' '.join(str(error).split()) or type(error).__name__
            # A bridge that is gone: the process is about to follow, or has been killed.
            try:
                self.process.wait(0.5 if 'dispos' in said.lower() else 0.01)
            except subprocess.TimeoutExpired:
                return said
            late = time.monotonic() > self.deadline
            self.start()
            return 'timed out' if late else 'soffice died'
        finally:
            self.deadline = None

    def load_and_store(self, source, target):
        document = self.desktop.loadComponentFromURL(
            uno.systemPathToFileUrl(source), '_blank', 0, (prop('Hidden', True),))
        if document is None:
            return 'not loaded'
        try:
            for service, name in FILTERS:
                if document.supportsService(service):
                    document.storeToURL(uno.systemPathToFileUrl(target),
                                        (prop('FilterName', name),))
                    return 'ok'
            return 'of no known kind'
        finally:
            document.close(True)


def watch(offices):
    """Kills what takes too long; its thread sees the end of the bridge."""
    while True:
        time.sleep(0.2)
        for office in offices:
            deadline = office.deadline
            if deadline is not None and time.monotonic() > deadline:
                office.process.kill()
