/*
 * PDF to XHTML as `mutool draw -F xhtml` writes it, with columns one after the other:
 * `mutool run platen-mupdf.js RESOLUTION INPUT OUTPUT`, executed by MuPDF 1.21 or later in
 * the sandbox of the run (engine/mupdf.c).  ES5, which is what MuPDF's JavaScript is.
 * What it throws, mutool says on its standard error, and exits with 1.
 *
 * MuPDF writes what it finds in the order in which the page draws it.  A page that draws its
 * columns row by row so comes out as lines of all columns in turn.  Here such a page is
 * drawn to MuPDF anew, one column after the other; what its text is, and where paragraphs
 * begin, remains MuPDF's to say.  Each other page it draws as it is.
 *
 * Columns are rows, drawn one below the other, that all leave the same strip empty, with
 * running text on both sides of it.  Tables, lists and forms leave strips empty, too: where
 * it is not clear that there are columns, the page stays as it is.
 */

/* Widths and heights are in sizes of the letters, where nothing else is said. */
var LINES_MAX = 2000; /* of a page; one with more stays as it is */
var ROWS_MIN = 6; /* lines that a column has at least */
var GUTTER = 0.8; /* what MuPDF, too, takes for more than a blank */
var COLUMN = 6.5; /* a column is at least so wide */
var LABEL = 3; /* a list's number is at most so wide */
var EDGES_MIN = 3; /* borders of cells that make a table */
var AHEAD = 16; /* lines in which the next glyph is looked for */
var PIXELS_MAX = 64000000; /* of pictures, until the document is opened anew */
var NEAR = 0.1; /* points: what is reckoned twice differs by less */

/*
 * Programs that draw a column as a whole, and cells of tables row by row, as these are to be
 * read.  LibreOffice's Draw is none: what it imports it draws as it was.
 */
var IN_ORDER = /^(Writer|Calc|Impress)|Microsoft|TeX|groff|Skia|InDesign/;

/* Letters without which no text is written from right to left: yod, and alef. */
var RIGHT_TO_LEFT = ['\u05d9', '\u0627'];

/* MuPDF 1.25 has other names for some of what 1.21 has. */
var BLACK = typeof DeviceGray === 'undefined' ? ColorSpace.DeviceGray : DeviceGray;
var SAME = [1, 0, 0, 1, 0, 0];

function product(a, b) {
  return [
    a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3],
    a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3],
    a[4] * b[0] + a[5] * b[2] + b[4], a[4] * b[1] + a[5] * b[3] + b[5]
  ];
}

function open(path) {
  return Document.openDocument ? Document.openDocument(path) : new Document(path);
}

function boundsOf(it, a, b) {
  return (it.getBounds || it.bound).call(it, a, b);
}

function Line(box) {
  this.x0 = box[0];
  this.y0 = box[1];
  this.x1 = box[2];
  this.y1 = box[3];
  this.size = (box[3] - box[1]) / 1.2;
  this.words = this.letters = this.others = 0;
  this.last = '';
  this.place = 0; /* where it is in the order in which to read */
}

/* All lines of a page, in the order in which they are drawn. */
function linesOf(text) {
  var lines = [];
  text.walk({
    beginLine: function (box) {
      if (lines.length <= LINES_MAX) lines.push(new Line(box));
    }
  });
  return lines.length > LINES_MAX ? [] : lines;
}

/* Lines that follow each other at one height. */
function rowsOf(lines) {
  var rows = [], row = null;
  lines.forEach(function (line, i) {
    var half = 0.5 * (line.y1 - line.y0);
    if (row && Math.abs(line.y0 - row.y0) < half && Math.abs(line.y1 - row.y1) < half) {
      row.lines.push(line);
    } else {
      row = { first: i, y0: line.y0, y1: line.y1, lines: [line] };
      rows.push(row);
    }
  });
  return rows;
}

/* Where a row is empty: from the left of all of it to the right of all of it. */
function gapsOf(row) {
  var gaps = [], to = -Infinity;
  row.lines.slice(0).sort(function (a, b) { return a.x0 - b.x0; }).forEach(function (line) {
    if (line.x0 - to >= GUTTER * line.size) gaps.push([to, line.x0]);
    to = Math.max(to, line.x1);
  });
  gaps.push([to, Infinity]);
  return gaps;
}

/*
 * What of these strips a row leaves empty, too.  null: of one of them, between the first and
 * the last, nothing.
 */
function shared(strips, gaps, least) {
  var both = [], i = 0, j = 0, of = 0, from, to;
  while (i < strips.length && j < gaps.length) {
    from = Math.max(strips[i][0], gaps[j][0]);
    to = Math.min(strips[i][1], gaps[j][1]);
    if (to - from >= least) {
      both.push([from, to]);
      of += of === i;
    }
    if (strips[i][1] < gaps[j][1]) {
      if (of === i) return null;
      i++;
    } else {
      j++;
    }
  }
  return both;
}

/*
 * Rows below each other that leave the same strips empty, and all that is left and right of
 * them.  A run has the rows before its first one, too, that do.
 */
function runsOf(rows) {
  var runs = [], run = null, from = 0; /* the rows before that one are of another run */

  function begin(i) {
    var row = rows[i], before, strips;
    run = { first: i, end: i + 1, pairs: 1, strips: row.gaps, size: row.size };
    for (before = i - 1; before >= from && rows[before].y0 < rows[before + 1].y0; before--) {
      strips = shared(run.strips, rows[before].gaps, GUTTER * row.size);
      if (strips === null) break;
      run.strips = strips;
      run.pairs += rows[before].gaps.length > 2;
      run.first = before;
    }
  }

  function end() {
    if (run && run.pairs >= ROWS_MIN) {
      run.strips = run.strips.slice(1, -1);
      run.rows = rows.slice(run.first, run.end);
      runs.push(run);
      from = run.end;
    }
    run = null;
  }

  rows.forEach(function (row, i) {
    var strips = null;
    row.gaps = gapsOf(row);
    row.size = (row.y1 - row.y0) / 1.2;
    if (run && row.y0 > rows[i - 1].y0 - 1.5 * row.size &&
        (run.pairs >= ROWS_MIN || row.gaps.length <= run.strips.length)) {
      run.size = Math.min(run.size, row.size);
      strips = shared(run.strips, row.gaps, GUTTER * run.size);
    }
    if (strips) {
      run.strips = strips;
      run.end = i + 1;
      run.pairs += row.gaps.length > 2;
    } else {
      end();
      if (row.gaps.length > 2) begin(i);
    }
  });
  end();
  return runs;
}

/* The lines of a run by columns: what is left of the first strip, and so on. */
function parted(run) {
  var columns = run.strips.map(function () { return []; });
  columns.push([]);
  run.rows.forEach(function (row) {
    row.lines.forEach(function (line) {
      var k = 0;
      while (k < run.strips.length && line.x0 >= run.strips[k][1] - NEAR) k++;
      columns[k].push(line);
    });
  });
  return columns;
}

/* A column's rows: its pieces at one height are one. */
function joined(lines) {
  var rows = [], row = null;
  lines.forEach(function (line) {
    if (row && line.y0 < row.y0 + 0.5 * line.size) {
      row.x0 = Math.min(row.x0, line.x0);
      row.x1 = Math.max(row.x1, line.x1);
    } else {
      row = { x0: line.x0, x1: line.x1, y0: line.y0, size: line.size };
      rows.push(row);
    }
  });
  return rows;
}

function widthOf(lines) {
  var x0 = Infinity, x1 = -Infinity;
  lines.forEach(function (line) {
    x0 = Math.min(x0, line.x0);
    x1 = Math.max(x1, line.x1);
  });
  return x1 - x0;
}

/* Whether lines can be running text by how they stand: most of them go to the column's end. */
function isBlock(lines) {
  var rows = joined(lines), width = widthOf(lines), full;
  full = rows.filter(function (row) { return row.x1 - row.x0 >= 0.7 * width; }).length;
  return rows.length >= ROWS_MIN && width >= COLUMN * rows[rows.length >> 1].size &&
    5 * full >= 3 * rows.length;
}

/* Whether lines are running text by what they say. */
function isText(lines) {
  var rows = joined(lines).length, words = 0, letters = 0, others = 0, labels = 0;
  lines.forEach(function (line) {
    words += line.words;
    letters += line.letters;
    others += line.others;
    labels += line.last === ':';
  });
  return words >= 3 * rows && letters > 2 * others && 5 * labels <= rows;
}

/* How far lines below each other are apart that are of one paragraph. */
function advance(lines) {
  var by = [], i;
  for (i = 1; i < lines.length; i++) {
    if (lines[i].y0 - lines[i - 1].y0 > 0.5 * lines[i].size) {
      by.push(lines[i].y0 - lines[i - 1].y0);
    }
  }
  by.sort(function (a, b) { return a - b; });
  return by.length > 0 ? by[by.length >> 2] : 0;
}

/* Whether there is more room between lines at the same heights in both, as in a table. */
function inStep(left, right) {
  var byLeft = 1.3 * advance(left), byRight = 1.3 * advance(right), gaps = 0, same = 0, j = 1, i;
  for (i = 1; i < left.length; i++) {
    if (left[i].y0 - left[i - 1].y0 <= byLeft) continue;
    gaps++;
    while (j < right.length && right[j].y0 < left[i].y0 - 0.3 * left[i].size) j++;
    same += j < right.length && right[j].y0 < left[i].y0 + 0.3 * left[i].size &&
      right[j].y0 - right[j - 1].y0 > byRight;
  }
  return same >= 2 && 2 * same > gaps;
}

/*
 * Whether what is drawn says that the rows go over the strip: borders of cells do, in a
 * table; or it is filled by a picture, and text flows around that.  `boxes`: see boxesOf.
 */
function isCrossed(run, strip, boxes) {
  var rows = run.rows, top = rows[0].y1, bottom = rows[rows.length - 1].y0;
  var heights = {}, edges = 0, filled = 0;
  boxes.forEach(function (box) {
    if (box[0] >= strip[1] || box[2] <= strip[0]) return;
    if (box[0] >= strip[0] - NEAR && box[2] <= strip[1] + NEAR) {
      if (2 * (box[2] - box[0]) > strip[1] - strip[0]) {
        filled += Math.max(0, Math.min(box[3], bottom) - Math.max(box[1], top));
      }
      return;
    }
    [box[1], box[3]].forEach(function (y) {
      var at = Math.round(y / 3);
      if (y > top - NEAR && y < bottom + NEAR && !heights[at]) {
        heights[at] = true;
        edges++;
      }
    });
  });
  return edges >= EDGES_MIN || 2 * filled > bottom - top;
}

/* The columns of a run as they stand.  null: it has none. */
function columnsOf(run) {
  var columns = parted(run), i;
  for (i = columns.length - 1; i >= 0; i--) {
    if (isBlock(columns[i])) continue;
    if (i === run.strips.length || widthOf(columns[i]) > LABEL * columns[i][0].size) return null;
    run.strips.splice(i, 1); /* numbers of a list in the next column */
    columns = parted(run);
    if (!isBlock(columns[i])) return null;
  }
  for (i = 0; i < run.strips.length; i++) {
    if (inStep(columns[i], columns[i + 1])) return null;
  }
  return columns.length > 1 ? columns : null;
}

/* The boxes of all that a page draws and that is no text. */
function boxesOf(list) {
  var boxes = [];
  function add(box) { boxes.push(box); }
  list.run({
    fillPath: function (path, evenOdd, ctm) { add(boundsOf(path, { lineWidth: 0 }, ctm)); },
    strokePath: function (path, stroke, ctm) { add(boundsOf(path, { lineWidth: 0 }, ctm)); },
    fillImage: function (image, ctm) { add(unitBounds(ctm)); },
    fillImageMask: function (image, ctm) { add(unitBounds(ctm)); },
    fillShade: function (shade, ctm) { add(boundsOf(shade, ctm)); }
  }, SAME);
  return boxes;
}

/* Reads what the lines say.  Returns whether all of them are level. */
function readLines(text, lines) {
  var n = 0, level = true, line;
  text.walk({
    beginLine: function () { line = lines[n++]; },
    onChar: function (c, origin, font, size, quad) {
      level = level && quad[2] >= quad[0] && Math.abs(quad[3] - quad[1]) < 0.1 * size;
      if (c === ' ') line.words += line.last !== ' ' && line.last !== '';
      else if (c > '\u007f' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) line.letters++;
      else if (c !== "'") line.others++;
      line.last = c;
    },
    endLine: function () { line.words += line.letters > 0 && line.last !== ' '; }
  });
  return level;
}

/*
 * The lines of a page in the order in which it draws them, each with its place in the order
 * in which to read them.  null: these are the same.
 */
function plan(list) {
  var text = list.toStructuredText(''), lines = linesOf(text), runs = runsOf(rowsOf(lines));
  var turned = lines.length >= ROWS_MIN && RIGHT_TO_LEFT.some(function (letter) {
    return text.search(letter).length > 0;
  });
  var boxes;
  if (turned) { /* MuPDF has all that is at one height in one line then */
    text = list.toStructuredText('preserve-spans');
    lines = linesOf(text);
    runs = runsOf(rowsOf(lines));
  }
  runs = runs.filter(function (run) {
    run.columns = columnsOf(run);
    return run.columns !== null;
  });
  if (runs.length > 0) {
    boxes = boxesOf(list);
    runs = runs.filter(function (run) {
      return !run.strips.some(function (strip) { return isCrossed(run, strip, boxes); });
    });
  }
  if (runs.length === 0 || !readLines(text, lines)) return null;
  runs = runs.filter(function (run) { return run.columns.every(isText); });
  lines.forEach(function (line, i) { line.place = i; });
  runs.forEach(function (run) {
    var place = run.rows[0].first;
    if (turned) run.columns.reverse();
    run.columns.forEach(function (column) {
      column.forEach(function (line) { line.place = place++; });
    });
  });
  return runs.length > 0 ? lines : null;
}

function unitBounds(ctm) {
  var x = [ctm[4], ctm[4] + ctm[0], ctm[4] + ctm[2], ctm[4] + ctm[0] + ctm[2]];
  var y = [ctm[5], ctm[5] + ctm[1], ctm[5] + ctm[3], ctm[5] + ctm[1] + ctm[3]];
  return [Math.min.apply(null, x), Math.min.apply(null, y),
    Math.max.apply(null, x), Math.max.apply(null, y)];
}

/*
 * What the page draws, as parts with their places, in the order of these.  null: it is not
 * found again in the lines.
 */
function partsOf(list, lines) {
  var parts = [], at = 0, said = '', clips = [];

  function add(place, draw) {
    parts.push({ place: place, n: parts.length, draw: draw });
  }

  /* The line that has a point: the one of the last glyph, or one that follows. */
  function placeOf(x, y) {
    var i, line;
    for (i = at; i < lines.length && i < at + AHEAD; i++) {
      line = lines[i];
      if (x > line.x0 - NEAR && x < line.x1 + NEAR && y > line.y0 - NEAR && y < line.y1 + NEAR) {
        at = i;
        break;
      }
    }
    return lines[at].place;
  }

  function addText(text, ctm) {
    var pieces = [], piece = null, now = [];
    text.walk({
      showGlyph: function (font, trm, glyph, unicode, wmode) {
        var m = product(trm, ctm), place = placeOf(m[4], m[5]);
        now.push(unicode, m[4], m[5]);
        if (!piece || piece.place !== place) {
          piece = { place: place, text: new Text() };
          pieces.push(piece);
        }
        piece.text.showGlyph(font, trm, glyph, unicode, wmode);
      }
    });
    now = now.join(' ');
    if (now === said) return; /* filled, and now stroked */
    said = now;
    if (pieces.length === 1) pieces[0].text = text;
    pieces.forEach(function (piece) {
      add(piece.place, function (device, scale) {
        device.fillText(piece.text, product(ctm, scale), BLACK, [0], 1);
      });
    });
  }

  /* A picture comes after the line of its column that ends above it. */
  function addPicture(box, draw) {
    var after = null, i, line;
    for (i = Math.max(0, at - AHEAD); i < lines.length && i < at + AHEAD; i++) {
      line = lines[i];
      if (line.x0 < box[2] && line.x1 > box[0] && line.y1 <= box[1] + NEAR &&
          (!after || line.y1 >= after.y1)) {
        after = line;
      }
    }
    add(after ? after.place : lines[at].place, draw);
  }

  function pushClip(draw) { clips.push(draw); }
  function clipText(text, ctm) {
    addText(text, ctm);
    pushClip(null);
  }

  list.run({
    fillText: addText,
    strokeText: function (text, stroke, ctm) { addText(text, ctm); },
    ignoreText: addText,
    clipText: clipText,
    clipStrokeText: function (text, stroke, ctm) { clipText(text, ctm); },
    clipPath: function (path, evenOdd, ctm) {
      pushClip(function (device, scale) { device.clipPath(path, evenOdd, product(ctm, scale)); });
    },
    clipStrokePath: function () { pushClip(null); },
    clipImageMask: function () { pushClip(null); },
    popClip: function () { clips.pop(); },
    fillImage: function (image, ctm, alpha) {
      addPicture(unitBounds(ctm), function (device, scale) {
        device.fillImage(image, product(ctm, scale), alpha);
      });
    },
    fillImageMask: function (image, ctm, space, color, alpha) {
      addPicture(unitBounds(ctm), function (device, scale) {
        device.fillImageMask(image, product(ctm, scale), space, color, alpha);
      });
    },
    fillShade: function (shade, ctm, alpha) {
      var within = clips.filter(function (clip) { return clip; });
      addPicture(boundsOf(shade, ctm), function (device, scale) {
        within.forEach(function (clip) { clip(device, scale); });
        device.fillShade(shade, product(ctm, scale), alpha);
        within.forEach(function () { device.popClip(); });
      });
    }
  }, SAME);

  if (at + AHEAD < lines.length) return null;
  return parts.sort(function (a, b) { return a.place - b.place || a.n - b.n; });
}

/* The pictures that a page draws. */
function imagesOf(list) {
  var images = [];
  function add(image) { images.push(image); }
  list.run({ fillImage: add, fillImageMask: add }, SAME);
  return images;
}

function put(list, bounds, writer, scale, known) {
  var lines = known ? null : plan(list), parts = lines && partsOf(list, lines);
  var device = writer.beginPage(bounds.map(function (x) { return x * scale[0]; }));
  if (parts) parts.forEach(function (part) { part.draw(device, scale); });
  else list.run(device, scale);
  writer.endPage(device);
}

function convert(resolution, input, output) {
  var scale = [resolution / 72, 0, 0, resolution / 72, 0, 0], document = open(input);
  var writer, pages, known, page, list, i, images = [], pixels = 0;

  function keep(image) {
    images.push(image);
    pixels += image.getWidth() * image.getHeight() + PIXELS_MAX / 10000;
  }

  if (document.needsPassword()) throw new Error('cannot authenticate password');
  known = IN_ORDER.test(document.getMetaData('info:Creator') + '\n' +
    document.getMetaData('info:Producer'));
  pages = document.countPages();
  if (pages === 0) throw new Error('malformed page tree'); /* as `draw` of 1.21 says */
  writer = new DocumentWriter(output, 'xhtml', 'preserve-images');
  for (i = 0; i < pages; i++) {
    page = document.loadPage(i);
    list = page.toDisplayList();
    put(list, boundsOf(page), writer, scale, known);
    imagesOf(list).forEach(keep);
    page = list = null;
    gc(); /* what there is of a page is not in JavaScript's memory, and much */
    if (pixels > PIXELS_MAX) {
      document = null; /* which has kept all of its pictures, and what was made of them ... */
      gc();
      images = [];
      pixels = 0;
      gc(); /* ... and this goes with the last of those that use it */
      document = open(input);
    }
  }
  writer.close();
}

convert(Number(scriptArgs[0]), scriptArgs[1], scriptArgs[2]);
