-- Bodies of files: multipart/form-data (RFC 7578).

local core = require "etoro.core"

local M = {}

-- First bytes of the kinds of picture that the API takes
local KINDS = {
  { "\137PNG\r\n\26\n", "image/png", "png" },
  { "\255\216\255", "image/jpeg", "jpg" },
}

local function kind_of(bytes)
  for _, kind in ipairs(KINDS) do
    if bytes:sub(1, #kind[1]) == kind[1] then return kind[2], kind[3] end
  end
  return "application/octet-stream", "bin"
end

--- Writes fields as parts of one body, each of them a file.
---@param fields table<string, string> bytes by name
---@return string body
---@return string content_type
function M.encode(fields)
  local names, all = {}, ""
  for name, bytes in pairs(fields) do
    names[#names + 1] = name
    all = all .. bytes
  end
  table.sort(names, core.before)
  local boundary
  repeat
    boundary = "etoro-" .. core.uuid()
  until not all:find(boundary, 1, true)
  local out = {}
  for _, name in ipairs(names) do
    local kind, ending = kind_of(fields[name])
    out[#out + 1] = ("--%s\r\nContent-Disposition: form-data;"
      .. " name=\"%s\"; filename=\"%s.%s\"\r\nContent-Type: %s\r\n\r\n"):format(
      boundary, name, name, ending, kind)
    out[#out + 1] = fields[name]
    out[#out + 1] = "\r\n"
  end
  out[#out + 1] = "--" .. boundary .. "--\r\n"
  return table.concat(out), "multipart/form-data; boundary=" .. boundary
end

return M
