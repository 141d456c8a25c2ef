-- check.lua FOLDER: looks at the HTML pages below a folder: every link leads to a
-- file or to a place that is there, every page is reached from index.html, has one
-- title and one style. Shows what is wrong; ends with 1 when something is.
local folder = arg[1]
local pages, wrong = {}, {}

local function fault(...) wrong[#wrong + 1] = (...):format(select(2, ...)) end

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read(1 << 26)
  if file then file:close() end
  return text
end

-- "a/../b" is "b"
local function plain(path)
  local parts = {}
  for part in path:gmatch "[^/]+" do
    if part == ".." and #parts > 0 then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return table.concat(parts, "/")
end

local function load(name)
  local text = read(folder .. "/" .. name)
  if not text then return nil end
  local page = { name = name, text = text, ids = {}, links = {} }
  for id in text:gmatch "%sid=\"([^\"]*)\"" do
    if page.ids[id] then fault("%s: two places are called %s", name, id) end
    page.ids[id] = true
  end
  for target in text:gmatch "%s[hs][re][ec]f?=\"([^\"]*)\"" do
    page.links[#page.links + 1] = target
  end
  pages[name] = page
  return page
end

-- What a page's link leads to, if it is a page that was not looked at before.
local function follow(page, target)
  if target:find "^https://" or target:find "^mailto:" then return nil end
  local path, anchor = target:match "^([^#]*)#?(.*)$"
  if path:find "^%a[%w+.-]*:" or path:find "^/" or path:find "%.md$" then
    fault("%s: a link to %s", page.name, target)
    return nil
  end
  local name = path == "" and page.name
    or plain((page.name:match "^(.*/)" or "") .. path)
  local is_page = name:find "%.html$" ~= nil
  local fresh = is_page and not pages[name] and load(name)
  if is_page and not pages[name] or not is_page
      and not io.open(folder .. "/" .. name) then
    fault("%s: %s is not there", page.name, target)
  elseif anchor ~= "" and is_page and not pages[name].ids[anchor] then
    fault("%s: %s has no such place", page.name, target)
  end
  return fresh or nil
end

local function check(page)
  local _, titles = page.text:gsub("<title>[^<]+</title>", "")
  local _, heads = page.text:gsub("<h1[%s>]", "")
  if titles ~= 1 or heads ~= 1 then
    fault("%s: %d titles and %d first headings", page.name, titles, heads)
  end
  if not page.text:find "<link rel=\"stylesheet\" href=\"[./]*style%.css\"" then
    fault("%s: has not the style", page.name)
  end
end

local waiting = { load "index.html" }
if not waiting[1] then fault "index.html is not there" end
while #waiting > 0 do
  local page = table.remove(waiting)
  check(page)
  for _, target in ipairs(page.links) do
    waiting[#waiting + 1] = follow(page, target)
  end
end

local quoted = "'" .. folder:gsub("'", "'\\''") .. "'"
local count = 0
for path in io.popen("cd " .. quoted .. " && find . -name '*.html'"):lines() do
  count = count + 1
  if not pages[path:sub(3)] then fault("%s: no page leads to it", path:sub(3)) end
end

table.sort(wrong)
for _, line in ipairs(wrong) do print(line) end
print(("%d pages, %d faults"):format(count, #wrong))
os.exit(#wrong == 0)
