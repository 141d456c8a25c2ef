-- A filter of pandoc: links between pages lead to HTML pages, links to other files
-- of the tree are told by data-file, and the first heading is the page's title.
local page
local utils = require "pandoc.utils"

local function link(element)
  local path, anchor = element.target:match "^([^#]*)(#?.*)$"
  if path == "" or path:find "^%a[%w+.-]*:" then return nil end
  if path:find "%.md$" then
    path = path:gsub("README%.md$", "index.md"):gsub("%.md$", ".html")
  else
    local folder = page:match "^(.*/)" or ""
    element.attributes["data-file"] = (folder .. path):gsub("[^/]+/%.%./", "")
  end
  element.target = path .. anchor
  return element
end

function Pandoc(document) -- luacheck: ignore 111
  page = utils.stringify(document.meta.file)
  document.meta.pagetitle = nil
  for _, block in ipairs(document.blocks) do
    if block.t == "Header" and block.level == 1 then
      document.meta.pagetitle = utils.stringify(block)
      break
    end
  end
  return document:walk { Link = link }
end
