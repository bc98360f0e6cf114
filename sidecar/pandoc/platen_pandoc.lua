--[[
What pandoc does to a document between reading and writing it, for the engine
"pandoc" (engine/pandoc.c); executed by pandoc 2.17 or later in the
sandbox of the run.  Installed as platen-pandoc.lua.

  * Images inside the document are carried along where the result can hold them,
    and become their descriptions where it is one file of text.
  * A PDF's pages, as mutool writes them, become one text: its headings are a
    guess by the size of letters, and so are judged here over the whole document.
  * Markdown is kept free of HTML that says how something looks.
  * What pandoc's writers do not escape is escaped, so that it is read as it was.
  * Paragraphs of Hebrew, Arabic and so on go from the right.
  * Metadata that names files is dropped.

It is total: whatever a document has in it, each function ends, and where one
cannot do what it is for, the element stays as it was read (whole(), below).
]]

local carries = FORMAT == 'docx' or FORMAT == 'odt' or FORMAT:match '^epub'
local html = FORMAT:match '^html'
local markdown = FORMAT == 'gfm' or FORMAT:match '^commonmark' or FORMAT == 'markdown'

local stringify = pandoc.utils.stringify

-- The function, or its element as it was where the function fails.
local function whole(f)
  return function(x)
    local ok, result = pcall(f, x)
    if ok then return result end
    io.stderr:write('platen: left as it was: ', tostring(result), '\n')
    return nil
  end
end

-- Base64 (RFC 4648), in lines of input so that the many small strings are short-lived.
local alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

local function base64(data)
  local lines = {}
  for line = 1, #data, 3000 do
    local out = {}
    for i = line, math.min(line + 2999, #data), 3 do
      local a, b, c = data:byte(i, i + 2)
      local n = (a << 16) | ((b or 0) << 8) | (c or 0)
      for shift = 18, 0, -6 do
        local at = ((n >> shift) & 63) + 1
        out[#out + 1] = alphabet:sub(at, at)
      end
      if not c then out[#out] = '=' end
      if not b then out[#out - 1] = '=' end
    end
    lines[#lines + 1] = table.concat(out)
  end
  return table.concat(lines)
end

-- Images ---------------------------------------------------------------------

-- Set when the document is a PDF's pages.
local paged = false

-- What mutool draws at this many dots per inch stands in pixels of 96.
local DRAWN_AT = 61 -- RESOLUTION of engine/mupdf.c

local function full_size(img)
  for _, side in ipairs { 'width', 'height' } do
    local pixels = tonumber(img.attributes[side])
    -- No page has more, and no integer has 1e400.
    if pixels and pixels >= 0 and pixels < 1e6 then
      img.attributes[side] = string.format('%d', math.floor(pixels * 96 / DRAWN_AT + 0.5))
    end
  end
end

-- What platend tells the client (engine/warning.h): once, in the words that it has for
-- text documents.
local told = false

local function tell_of_pictures()
  local file = not told and io.open('warnings', 'a')
  told = true
  if file then
    file:write('Pictures are not in the result, or only what describes them.\n')
    file:close()
  end
end

local function image(img)
  local inline = img.src:match '^[dD][aA][tT][aA]:'
  local mime, data = pandoc.mediabag.lookup(img.src)
  if paged then full_size(img) end
  if carries and inline then
    -- A data URL is not fetched from anywhere (RFC 2397).
    local ok
    ok, mime, data = pcall(pandoc.mediabag.fetch, img.src)
    if not ok or not mime or not data then return img.caption end
    img.src = pandoc.utils.sha1(data) .. '.' .. (mime:match '^image/(%a+)' or 'bin')
    pandoc.mediabag.insert(img.src, mime:match '^[^;]*', data)
  elseif html and data then
    img.src = 'data:' .. (mime or 'application/octet-stream') .. ';base64,' .. base64(data)
  elseif not carries and not html and (inline or data) then
    tell_of_pictures()
    return img.caption
  elseif carries and not data then
    return img.caption -- not in the document: pandoc would look for a file
  end
  if markdown then img.attr = pandoc.Attr() end
  return img
end

-- A PDF's pages --------------------------------------------------------------

-- Puts words together that a line's end has parted.
local function unhyphenate(inlines)
  local out = pandoc.List()
  local i = 1
  while i <= #inlines do
    local x, y, z = inlines[i], inlines[i + 1], inlines[i + 2]
    if z and x.t == 'Str' and z.t == 'Str' and (y.t == 'Space' or y.t == 'SoftBreak')
        and x.text:match '%a%-$' and z.text:match '^%l' then
      inlines[i + 2] = pandoc.Str(x.text:sub(1, -2) .. z.text)
      i = i + 2
    else
      out:insert(x)
      i = i + 1
    end
  end
  return out
end

local signs = { ['•'] = true, ['●'] = true, ['▪'] = true, ['◦'] = true, ['‣'] = true,
                ['■'] = true, ['\u{f0b7}'] = true, ['\u{f0a7}'] = true }

local function is_bullet(x)
  while (x.t == 'Emph' or x.t == 'Strong') and #x.content == 1 do x = x.content[1] end
  return x.t == 'Str' and signs[x.text]
end

-- The items of a paragraph of bullets; nil if it is none.
local function items(inlines)
  if #inlines == 0 or not is_bullet(inlines[1]) then return nil end
  local found, item = {}, nil
  for _, x in ipairs(inlines) do
    if is_bullet(x) then
      item = pandoc.List()
      found[#found + 1] = item
    elseif #item > 0 or x.t ~= 'Space' then
      item:insert(x)
    end
  end
  for i, inlines_of_item in ipairs(found) do
    found[i] = { pandoc.Plain(inlines_of_item) }
  end
  return found
end

local function has_image(block)
  local found = false
  pandoc.walk_block(block, { Image = function() found = true end })
  return found
end

local function is_bold(inlines) return #inlines == 1 and inlines[1].t == 'Strong' end

-- A heading needs no bold type to be one.
local function unbold(inlines)
  while is_bold(inlines) do inlines = inlines[1].content end
  return inlines
end

local function is_title(b, text)
  return b.t == 'Para' and is_bold(b.content) and #text <= 80 and text:match '%w'
         and not text:match '[.,;:]%s*$'
end

--[[
Which blocks are headings: those in larger letters than most of the text, by
their size; and below these, unless much of the text is such, lines in bold type,
by the dots of their numbers.  Returns a table of levels by block number.
]]
local function judge_levels(blocks, texts)
  local length, most, titles, all = {}, 7, 0, 0
  for i, b in ipairs(blocks) do
    local level = b.t == 'Header' and b.level or 7
    length[level] = (length[level] or 0) + #texts[i]
    if is_title(b, texts[i]) then titles = titles + #texts[i] end
    all = all + #texts[i]
  end
  for level = 6, 1, -1 do
    if (length[level] or 0) > (length[most] or 0) then most = level end
  end
  local by_size, n = {}, 0
  for level = 1, most - 1 do
    if length[level] then
      n = n + 1
      by_size[level] = n
    end
  end

  local levels, dots, fewest = {}, {}, 6
  for i, b in ipairs(blocks) do
    if texts[i]:match '%. ?%. ?%. ?%.' then
      -- A line of a table of contents.
    elseif b.t == 'Header' then
      levels[i] = by_size[b.level]
    elseif titles * 4 < all and is_title(b, texts[i]) then
      local number = texts[i]:match '^%d[%d.]*'
      dots[i] = number and select(2, number:gsub('%.%d', '')) or 0
      if number then fewest = math.min(fewest, dots[i]) end
    end
  end
  for i, d in pairs(dots) do
    levels[i] = math.min(n + 1 + math.max(d - fewest, 0), 6)
  end
  return levels
end

--[[
Of the font for check boxes mutool gives the numbers of its glyphs where characters should be:
those of ticks and crosses are in the order of Unicode, and below every character.
]]
local function ticks(str)
  local other
  local text = str.text:gsub('%c', function(c)
    if c:byte() >= 0x13 and c:byte() <= 0x18 then return utf8.char(0x2700 + c:byte()) end
    other = true
    return '\u{fffd}'
  end)
  if text == str.text then return nil end
  local file = io.open('warnings', 'a')
  if file then
    file:write(other and 'Characters of a font that does not say which they are have become \u{fffd}.\n'
               or 'The ticks and crosses of a font that does not say what they are were taken for those of ZapfDingbats.\n')
    file:close()
  end
  return pandoc.Str(text)
end

--[[
What is told of a PDF's text: characters that have no meaning in it, and Hebrew or Arabic that
is in the order in which it is drawn, from the left: then words begin with what ends a word.
]]
local function tell_of_text(blocks)
  local unknown, from_left, from_right = 0, 0, 0
  local finals = { ['\u{5da}'] = true, ['\u{5dd}'] = true, ['\u{5df}'] = true, ['\u{5e3}'] = true,
                   ['\u{5e5}'] = true, ['\u{629}'] = true, ['\u{649}'] = true,
                   ['\u{fe93}'] = true, ['\u{fe94}'] = true, ['\u{feef}'] = true, ['\u{fef0}'] = true }
  pandoc.walk_block(pandoc.Div(blocks), {
    Str = function(str)
      unknown = unknown + select(2, str.text:gsub('\u{fffd}', ''))
      if str.text:match '[\xd7-\xd9\xef]' then
        if finals[str.text:match('^' .. utf8.charpattern)] then from_left = from_left + 1 end
        if finals[str.text:match(utf8.charpattern .. '$')] then from_right = from_right + 1 end
      end
    end
  })
  local file = (unknown > 0 or from_left > from_right) and io.open('warnings', 'a')
  if not file then return end
  if unknown > 0 then
    file:write(unknown, ' characters of the PDF are glyphs of which it does not say what they mean; \u{fffd} stands in their place.\n')
  end
  if from_left > from_right then
    file:write('Hebrew or Arabic is in the order in which the PDF draws it, which is not that in which it is read; plain text (to=txt) has that.\n')
  end
  file:close()
end

local function pages(doc)
  local blocks, texts, out = {}, {}, pandoc.List()
  for _, page in ipairs(doc.blocks) do
    if page.t ~= 'Div' or not page.identifier:match '^page%d+$' then return nil end
    for _, b in ipairs(page.content) do
      local text = stringify(b)
      if text:match '%S' or has_image(b) then
        blocks[#blocks + 1] = b
        texts[#blocks] = text
      end
    end
  end
  if #doc.blocks == 0 then return nil end
  paged = true

  local list -- the items under way
  local levels = judge_levels(blocks, texts)
  for i, b in ipairs(blocks) do
    local inlines = (b.t == 'Header' or b.t == 'Para') and unhyphenate(b.content)
    local found = inlines and not levels[i] and items(inlines)
    if list and not found then
      out:insert(pandoc.BulletList(list))
      list = nil
    end
    if found then
      list = list or pandoc.List()
      list:extend(found)
    elseif levels[i] then
      out:insert(pandoc.Header(levels[i], unbold(inlines)))
    else
      out:insert(inlines and pandoc.Para(inlines) or b)
    end
  end
  if list then out:insert(pandoc.BulletList(list)) end
  whole(tell_of_text)(out)
  doc.blocks = pandoc.walk_block(pandoc.Div(out), { Str = whole(ticks) }).content
  return doc
end

-- Markdown -------------------------------------------------------------------

local function contents(element) return element.content end

-- Adds the text of blocks, however nested, with a line break between two.
local function flatten(blocks, out)
  for _, b in ipairs(blocks) do
    if b.t == 'Plain' or b.t == 'Para' or b.t == 'Header' or b.t == 'CodeBlock' then
      if #out > 0 then out:insert(pandoc.LineBreak()) end
      out:extend(b.t == 'CodeBlock' and { pandoc.Code(b.text) } or b.content)
    elseif b.t == 'BulletList' or b.t == 'OrderedList' then
      for _, item in ipairs(b.content) do flatten(item, out) end
    elseif b.t == 'BlockQuote' or b.t == 'Div' then
      flatten(b.content, out)
    else
      out:extend(pandoc.utils.blocks_to_inlines { b })
    end
  end
  return out
end

-- One line, so that the cell fits into a pipe table.
local function cell(c)
  local inlines = flatten(c.contents, pandoc.List())
  for i, x in ipairs(inlines) do
    if x.t == 'LineBreak' then inlines[i] = pandoc.RawInline('html', '<br>') end
  end
  c.contents = { pandoc.Plain(inlines) }
end

-- The rows of all parts of a table.
local function rows_of(t)
  local rows = pandoc.List()
  rows:extend(t.head.rows)
  for _, body in ipairs(t.bodies) do
    rows:extend(body.head)
    rows:extend(body.body)
  end
  rows:extend(t.foot.rows)
  return rows
end

-- Whether it only places things on a page, as mail and old pages have it.
local function is_layout(t, rows)
  if #t.colspecs == 1 then return true end
  for _, row in ipairs(rows) do
    for _, c in ipairs(row.cells) do
      if #c.contents > 6 then return true end
      for _, b in ipairs(c.contents) do
        if b.t == 'Table' or b.t == 'Header' or b.t == 'HorizontalRule' then return true end
      end
    end
  end
  return false
end

-- A table without a head gets its first row as one: Markdown wants a head.
local function grid(t)
  local rows = rows_of(t)
  if is_layout(t, rows) then
    local blocks = pandoc.List()
    for _, row in ipairs(rows) do
      for _, c in ipairs(row.cells) do blocks:extend(c.contents) end
    end
    return blocks:map(function(b) return b.t == 'Plain' and pandoc.Para(b.content) or b end)
  end

  local function each(list)
    for _, row in ipairs(list) do
      for _, c in ipairs(row.cells) do cell(c) end
    end
  end
  local first = t.bodies[1]
  if first and #t.head.rows == 0 and #first.body > 1 then
    t.head.rows = { table.remove(first.body, 1) }
  end
  each(t.head.rows)
  each(t.foot.rows)
  for _, body in ipairs(t.bodies) do
    each(body.head)
    each(body.body)
  end
  return t
end

local function plain_link(link)
  link.attr = pandoc.Attr()
  return link
end

--[[
What no writer of Markdown sees to: words as "&amp;" and ":a:" stand for themselves, and
quotation marks for what they are, of which the one for Pandoc's own makes straight ones.
And that of pandoc 3.1 leaves out the mark behind a backslash.
]]
local function as_it_is(str)
  local text, raw = str.text, {}
  for at in text:gmatch '()\\%p' do raw[at] = '\\\\' end
  for at in text:gmatch '()&#?%w+;' do raw[at] = '\\&' end
  if FORMAT == 'gfm' and text:match ':[%w_+-]+:' then
    for at in text:gmatch '():' do raw[at] = '\\:' end
  elseif FORMAT == 'markdown' then
    for at, mark in text:gmatch '()(\xe2\x80[\x98\x99\x9c\x9d])' do raw[at] = mark end
  end
  if not next(raw) then return nil end

  local out, from = pandoc.List(), 1
  for at = 1, #text do
    if raw[at] then
      if at > from then out:insert(pandoc.Str(text:sub(from, at - 1))) end
      out:insert(pandoc.RawInline('markdown', raw[at]))
      from = at + (raw[at]:byte() == 0x5c and 1 or 3)
    end
  end
  if from <= #text then out:insert(pandoc.Str(text:sub(from))) end
  return out
end

-- What begins a line and is no markup there, and of which the writers do not know that it
-- would be: fences of "~", and Pandoc's definitions and long numbers.
local function begins(inlines)
  local first = inlines[1]
  if not first or first.t ~= 'Str' then return nil end
  if first.text:match '^~~~' or FORMAT == 'markdown' and first.text:match '^[:~]$' then
    inlines:insert(1, pandoc.RawInline('markdown', '\\'))
  elseif FORMAT == 'markdown' and first.text:match '^%d%d%d%d%d%d%d%d%d+[.)]$' then
    inlines[1] = pandoc.Str(first.text:sub(1, -2))
    inlines:insert(2, pandoc.RawInline('markdown', '\\' .. first.text:sub(-1)))
  end
  return inlines
end

local function is_mark(c) return c:match '^%p' or c:match '^\xe2\x80' end

--[[
Bold or slanted type that begins or ends within a word, and with a mark on its inner side:
"**(a)**b" is read as asterisks (CommonMark 6.2), so that the text is better without.
]]
local function emphasis(inlines)
  local out, dropped = pandoc.List(), false
  for i, x in ipairs(inlines) do
    local before, after = inlines[i - 1], inlines[i + 1]
    local text = (x.t == 'Strong' or x.t == 'Emph') and stringify(x)
    before = before and before.t == 'Str' and before.text:match(utf8.charpattern .. '$')
    after = after and after.t == 'Str' and after.text:match('^' .. utf8.charpattern)
    if text and (before and not is_mark(before) and is_mark(text)
                 or after and not is_mark(after) and is_mark(text:match(utf8.charpattern .. '$')
                                                             or '')) then
      out:extend(x.content)
      dropped = true
    else
      out:insert(x)
    end
  end
  return dropped and out or nil
end

-- Pandoc takes "#" and "}" at a heading's end for what is not of its text.
local function heading(h)
  local last = h.content[#h.content]
  local mark = last and last.t == 'Str' and last.text:match '[#}]$'
  if not mark then return nil end
  h.content[#h.content] = pandoc.Str(last.text:sub(1, -2))
  h.content:insert(pandoc.RawInline('markdown', '\\' .. mark))
  return h
end

-- CommonMark has no tables: the writer makes them in HTML, where nothing is escaped so.
local function html_table(t)
  return pandoc.walk_block(t, {
    RawInline = function(x)
      if x.format == 'markdown' then return pandoc.Str((x.text:gsub('^\\', ''))) end
    end
  })
end

-- Of each paragraph and term, by a function over its inlines.
local function at_line_ends(f)
  local function block(b)
    b.content = f(b.content) or b.content
    return b
  end
  return {
    Para = whole(block), Plain = whole(block), Header = whole(block),
    DefinitionList = whole(function(list)
      for _, item in ipairs(list.content) do item[1] = f(item[1]) or item[1] end
      return list
    end)
  }
end

-- reStructuredText -----------------------------------------------------------

local function rst(text) return pandoc.RawInline('rst', text) end

local bullets = { ['•'] = true, ['‣'] = true, ['⁃'] = true }

-- Whether a paragraph that begins with this word would not be one.
local function begins_markup(word)
  return word:match '^%p' and not word:match '^[*`|_\\]' or bullets[word]
         or word:match '^%d+[.)]$' or word:match '^%a[.)]$' or word:match '^[ivxlcdmIVXLCDM]+[.)]$'
end

-- The writer escapes what is markup at the ends of a word, and not what is inside of it, nor
-- what is at the ends of a paragraph.
local function line(inlines)
  local first, last = inlines[1], inlines[#inlines]
  if not first then return nil end
  if last.t == 'Str' and last.text:match '::$' then
    inlines[#inlines] = pandoc.Str(last.text:sub(1, -2))
    inlines:insert(rst '\\:')
  end
  if first.t == 'Str' and begins_markup(first.text) then
    inlines:insert(1, rst '\\')
  end
  return inlines
end

-- An underscore between letters or digits is none of markup.
local function escaped(text, also)
  text = text:gsub('[\\*`|' .. (also or '') .. ']', '\\%0')
  return (text:gsub('()_', function(at)
    if not text:match('^%w_%w', at - 1) then return '\\_' end
  end))
end

local function word(str)
  if str.text:match '[\\*`|_]' then return rst(escaped(str.text)) end
end

-- Before "<" is the text of a link, behind it where it leads to.
local function link_text(link)
  return pandoc.walk_inline(link, {
    Str = function(str)
      if str.text:match '[<\\*`|_]' then return rst(escaped(str.text, '<')) end
    end
  })
end

-- A backslash in a role's text is escaped, and dropped when that is read.
local function raised(x)
  if stringify(x):match '\\' then return x.content end
end

local apart = { Space = true, SoftBreak = true, LineBreak = true }

--[[
Code that has a backtick: what ends in one, or has two, cannot be literal, and is text.  The
role that the writer would have for it is read as if its escapes were a part of it.
]]
local function literals(inlines)
  local out = pandoc.List()
  for i, x in ipairs(inlines) do
    local text = x.t == 'Code' and x.text:gsub('%s+', ' '):match '^ ?(.-) ?$'
    if not text or not text:match '`' then
      out:insert(x)
    elseif text:match '``' or text:match '`$' then
      out:insert(pandoc.Str(text))
    else
      local before, after = inlines[i - 1], inlines[i + 1]
      out:insert(rst((before and not apart[before.t] and '\\ ' or '') .. '``' .. text .. '``'
                     .. (after and not apart[after.t] and '\\ ' or '')))
    end
  end
  return out
end

-- HTML in Markdown ----------------------------------------------------------------

--[[
Most writers drop what is HTML, with the text in it.  A frame is not looked into: the
reader would fetch what it names.
]]
local function read_html(text)
  return pandoc.read((text:gsub('<(/?)[iI][fF][rR][aA][mM][eE]', '<%1x-frame')), 'html').blocks
end

local function raw_block(b)
  if b.format == 'html' then return read_html(b.text) end
end

local function raw_inline(x)
  if x.format ~= 'html' then return nil end
  if x.text:match '^<[bB][rR]%s*/?>' then return pandoc.LineBreak() end
  if x.text:match '^<[iI][mM][gG]%s' then
    return pandoc.utils.blocks_to_inlines(read_html(x.text))
  end
end

local void = { area = true, br = true, col = true, embed = true, hr = true, img = true,
               input = true, link = true, meta = true, source = true, track = true, wbr = true }

local function hides(name, attributes)
  local text = ' ' .. attributes:lower():gsub('%s+', ' ') .. ' '
  return name == 'template' or text:match ' hidden[ =/]'
         or text:match 'style ?= ?["\'][^"\']*display ?: ?none'
         or text:match 'style ?= ?["\'][^"\']*visibility ?: ?hidden'
end

--[[
What HTML hides by itself, and all that stands between its tags, is in no result.  What is
never closed stays.
]]
local function shown(list)
  local out, within, depth, changed = pandoc.List(), nil, 0, false
  for _, x in ipairs(list) do
    if (x.t == 'RawBlock' or x.t == 'RawInline') and x.format == 'html' then
      local kept, from = '', 1
      for at, close, name, attributes, to in x.text:gmatch '()<(/?)(%a[%w-]*)([^>]*)>()' do
        name = name:lower()
        if not within and close == '' and hides(name, attributes) then
          kept, from, changed = kept .. x.text:sub(from, at - 1), to, true
          if not void[name] then within, depth = name, 1 end
        elseif within == name then
          depth = depth + (close == '' and 1 or -1)
          if depth == 0 then within, from = nil, to end
        end
      end
      if not within then kept = kept .. x.text:sub(from) end
      if kept:match '%S' then
        x.text = kept
        out:insert(x)
      end
    elseif not within then
      out:insert(x)
    end
  end
  return changed and not within and out or nil
end

-- Pandoc's own Markdown has these as elements.
local function shown_element(x)
  local style = (x.attributes.style or ''):lower():gsub('%s', '')
  if x.attributes.hidden or style:match 'display:none' or style:match 'visibility:hidden' then
    return {}
  end
end

-- Metadata -------------------------------------------------------------------

local fields = { 'title', 'subtitle', 'author', 'date', 'lang', 'dir', 'keywords',
                 'description', 'subject', 'abstract', 'rights', 'publisher' }

local input = PANDOC_STATE.input_files[1] or '-'
local source = input == '-' and 'txt' or input:match '%.(%w+)$'

-- The title of a page of HTML is not on the page, and an EPUB has a page for it.
local off_page = source == 'html' or source == 'epub'

--[[
What the reader took from the top of the document, put back there: the headings
below move down one level.
]]
local function title_block(doc)
  local meta, top = doc.meta, pandoc.List()
  if meta.title then
    for i, b in ipairs(doc.blocks) do
      doc.blocks[i] = pandoc.walk_block(pandoc.Div { b }, {
        Header = function(h)
          h.level = math.min(h.level + 1, 6)
          return h
        end
      }).content[1]
    end
    top:insert(pandoc.Header(1, pandoc.utils.type(meta.title) == 'Inlines' and meta.title
                                or stringify(meta.title)))
  end
  for _, name in ipairs { 'subtitle', 'author', 'date' } do
    local value = meta[name]
    if value then
      for _, v in ipairs(pandoc.utils.type(value) == 'List' and value or { value }) do
        top:insert(pandoc.Para { pandoc.Str(stringify(v)) })
      end
    end
  end
  if pandoc.utils.type(meta.abstract) == 'Blocks' then top:extend(meta.abstract) end
  doc.blocks = top .. doc.blocks
end

local function first_heading(doc)
  for _, block in ipairs(doc.blocks) do
    if block.t == 'Header' then return stringify(block) end
  end
  return 'Document'
end

local function metadata(doc)
  local meta = {}
  for _, name in ipairs(fields) do meta[name] = doc.meta[name] end
  doc.meta = pandoc.Meta(meta)

  if html then
    -- Its title block shows a title, but not this one.
    if not meta.title then doc.meta.pagetitle = first_heading(doc) end
  elseif FORMAT:match '^epub' then
    if not meta.title then doc.meta.title = first_heading(doc) end
  elseif source == 'html' then
    -- What a page says of itself in its head is not on it.
    for _, name in ipairs { 'title', 'subtitle', 'author', 'date', 'abstract' } do
      doc.meta[name] = nil
    end
  elseif not carries and not off_page then
    title_block(doc)
  end
  return doc
end

--[[
The list at the top of reStructuredText, which the reader has taken for metadata
whatever it is about.  Read as a part of a document it is there.  Directives are not
followed, as some of them would read a file.
]]
local function field_list(doc)
  local file = assert(io.open(PANDOC_STATE.input_files[1]))
  local text = file:read('a'):gsub('(%.%.[^\n]-)([%w-]+)::', '%1x-%2::')
  file:close()
  local first, lists = nil, 0
  for _, block in ipairs(pandoc.read(text, 'rst').blocks) do
    if block.t == 'DefinitionList' then
      first = first or block
      lists = lists + 1
    end
  end
  for _, block in ipairs(doc.blocks) do
    if block.t == 'DefinitionList' then lists = lists - 1 end
  end
  if lists ~= 1 then return nil end
  doc.meta = pandoc.Meta { title = doc.meta.title, subtitle = doc.meta.subtitle }
  doc.blocks:insert(1, first)
  return doc
end

-- Plain text ------------------------------------------------------------------

--[[
Whether lines stand as they do because something is placed by blanks in them: columns,
tables drawn with characters.  Two blanks behind a sentence are none.
]]
local function is_placed(lines)
  local drawn, indented = 0, 0
  for _, line in ipairs(lines) do
    local text = line:gsub('([.!?:;]["\')]*)  (%S)', '%1 %2')
    if text:match '%S\t+%S' or text:match '%S  +%S' then return true end
    if text:match '^%s*[|+]' or text:match '%S%s+|%s+%S' or text:match '\xe2\x94[\x80-\xbf]'
        or text:match '\xe2\x95[\x80-\xbf]' then
      drawn = drawn + 1
    end
    if text:match '^    ' or text:match '^ *\t' then indented = indented + 1 end
  end
  return drawn > 1 or indented == #lines
end

local function words(line)
  local inlines = pandoc.List()
  for word in line:gmatch '%S+' do
    if #inlines > 0 then inlines:insert(pandoc.Space()) end
    inlines:insert(pandoc.Str(word))
  end
  return inlines
end

-- A text without markup: each line is a paragraph, but for what is placed by blanks.
local function plain_text(doc)
  local file = assert(io.open 'in.txt') -- the run's input; pandoc is told of none
  local lines, blocks = {}, pandoc.List()
  local function finish()
    if #lines > 0 and is_placed(lines) then
      blocks:insert(pandoc.CodeBlock(table.concat(lines, '\n')))
    else
      for _, line in ipairs(lines) do blocks:insert(pandoc.Para(words(line))) end
    end
    lines = {}
  end
  for line in file:lines() do
    for piece in (line .. '\f'):gmatch '([^\f]*)\f' do -- pages are nothing here
      if piece:match '%S' then lines[#lines + 1] = piece else finish() end
    end
  end
  file:close()
  finish()
  return pandoc.Pandoc(blocks)
end

-- Direction ------------------------------------------------------------------------

-- Ranges of characters that are written from the right (Unicode's R and AL), and those
-- among all of them, and below, that have no direction of their own: numbers and marks.
local from_right = { 0x590, 0x8ff, 0x200f, 0x200f, 0xfb1d, 0xfdff, 0xfe70, 0xfefe,
                     0x10800, 0x10fff, 0x1e800, 0x1efff }
local neither = { 0x0, 0x40, 0x5b, 0x60, 0x7b, 0xa9, 0xab, 0xb4, 0xb6, 0xb9, 0xbb, 0xbf,
                  0xd7, 0xd7, 0xf7, 0xf7, 0x2b9, 0x2ba, 0x2c2, 0x2cf, 0x2d2, 0x2df, 0x300, 0x36f,
                  0x591, 0x5bd, 0x5bf, 0x5bf, 0x5c1, 0x5c2, 0x5c4, 0x5c5, 0x5c7, 0x5c7,
                  0x600, 0x607, 0x609, 0x60a, 0x60c, 0x60c, 0x60e, 0x61a, 0x64b, 0x66c,
                  0x670, 0x670, 0x6d6, 0x6e4, 0x6e7, 0x6ed, 0x6f0, 0x6f9, 0x8d3, 0x8ff,
                  0x2000, 0x200d, 0x2010, 0x20ff, 0x2190, 0x2bff, 0x2e00, 0x2e7f, 0x3000, 0x3004,
                  0x3008, 0x3020, 0xfb29, 0xfb29, 0xfd3e, 0xfd4f, 0xfe00, 0xfe6f, 0xfeff, 0xfeff,
                  0xff01, 0xff20, 0xff3b, 0xff40, 0xff5b, 0xff65, 0xffe0, 0xffff,
                  0x1f000, 0x1faff }

local function lies_in(ranges, c)
  for i = 1, #ranges, 2 do
    if c >= ranges[i] and c <= ranges[i + 1] then return true end
  end
  return false
end

-- Of a paragraph, by its first character that has one (Unicode's rules P2 and P3); nil: none.
local function direction_of(text)
  local depth = 0 -- of isolates, which are passed over
  for _, c in utf8.codes(text) do
    if c >= 0x2066 and c <= 0x2068 then depth = depth + 1 end
    if c == 0x2069 and depth > 0 then depth = depth - 1 end
    if depth == 0 and not lies_in(neither, c) then
      return lies_in(from_right, c) and 'rtl' or 'ltr'
    end
  end
end

-- Each paragraph that has another direction than what it is in is told so.
local directed

local function each_directed(blocks, around)
  local out = pandoc.List()
  for _, b in ipairs(blocks) do out:insert(directed(b, around)) end
  return out
end

directed = function(b, around)
  local name = b.t
  if name == 'Null' or name == 'RawBlock' or name == 'HorizontalRule' then return b end
  if name == 'Div' then
    b.content = each_directed(b.content, b.attributes.dir or around)
    return b
  end
  local own = name == 'CodeBlock' and 'ltr' or direction_of(stringify(b)) or around
  if name == 'BlockQuote' then
    b.content = each_directed(b.content, own)
  elseif name == 'BulletList' or name == 'OrderedList' then
    for i, item in ipairs(b.content) do b.content[i] = each_directed(item, own) end
  elseif name == 'DefinitionList' then
    for _, item in ipairs(b.content) do
      for i, definition in ipairs(item[2]) do item[2][i] = each_directed(definition, own) end
    end
  elseif name == 'Table' then
    for _, row in ipairs(rows_of(b)) do
      for _, c in ipairs(row.cells) do c.contents = each_directed(c.contents, own) end
    end
  end
  if own == around then return b end
  if name == 'Header' and FORMAT ~= 'docx' then
    b.attributes.dir = own -- a chapter begins with it, which a division around it would hide
    return b
  end
  return pandoc.Div({ b }, pandoc.Attr('', {}, { dir = own }))
end

local function directions(doc)
  doc.blocks = each_directed(doc.blocks, doc.meta.dir and stringify(doc.meta.dir) or 'ltr')
  return doc
end

-- What names files is dropped in any case.
local function safe_metadata(doc)
  local ok, result = pcall(metadata, doc)
  if ok then return result end
  doc.meta = pandoc.Meta {}
  return doc
end

local keeps_html = html or markdown
local filters = {}
if source == 'txt' then filters = { { Pandoc = plain_text } } end
for _, filter in ipairs { { Pandoc = whole(pages) }, { Image = whole(image) } } do
  table.insert(filters, filter)
end
if source == 'rst' then table.insert(filters, { Pandoc = whole(field_list) }) end
table.insert(filters, { Pandoc = safe_metadata })
if FORMAT == 'rst' then
  table.insert(filters, at_line_ends(line))
  table.insert(filters, { Inlines = whole(literals), Link = whole(link_text),
                          Superscript = whole(raised), Subscript = whole(raised) })
  table.insert(filters, { Str = whole(word) })
end
if source == 'md' and not keeps_html then
  table.insert(filters, 1, { Blocks = whole(shown), Inlines = whole(shown),
                             Div = whole(shown_element), Span = whole(shown_element) })
  table.insert(filters, 2, { RawBlock = whole(raw_block), RawInline = whole(raw_inline) })
end
if markdown then
  table.insert(filters, { Div = contents, Span = contents, Underline = contents,
                          Link = plain_link })
  if not FORMAT:match '^commonmark' then table.insert(filters, { Table = whole(grid) }) end
  table.insert(filters, { Inlines = whole(emphasis) })
  if FORMAT == 'markdown' then table.insert(filters, { Header = whole(heading) }) end
  table.insert(filters, at_line_ends(begins))
  table.insert(filters, { Str = whole(as_it_is) })
  if FORMAT:match '^commonmark' then table.insert(filters, { Table = whole(html_table) }) end
end
-- Documents of word processors have said it themselves; the writer of ODT cannot.
if not (source == 'docx' or source == 'odt' or source == 'rtf')
    and (FORMAT == 'docx' or html or FORMAT:match '^epub') then
  table.insert(filters, { Pandoc = whole(directions) })
end
return filters
