-- A real web server for what the sandbox does not speak: TLS with
-- certificates of our own, HTTP/2, gzip, redirects. One process, its files
-- in a scratch directory, ports of 127.0.0.1; root or not.
--
--   local web = nginx.start { proxy = server.url }
--   web.url            https, HTTP/2 and 1.1, certificate for 127.0.0.1
--   web.http1_url      the same without HTTP/2
--   web.other_url      https with a certificate of another name
--   web.plain_url      http
--   web.ca_file        what to trust; web.other_ca_file is another CA
-- Paths, on every port:
--   /echo              JSON: protocol, encodings offered, connection numbers
--   /status/NNN        that status, an empty object
--   /redirect          302 to /echo, /redirect-away to another host
--   /files/...         what web:write(name, text) put there, gzipped on offer
--   /sized/...         the same files, never encoded
--   everything else    the proxy's, else 404
local files = require "spec.support.files"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local socket = require "socket"

local methods = {}
local mt = { __name = "spec.nginx", __index = methods }
local M = {}

local CONFIG = [[
daemon off;
master_process off;
pid $DIR/nginx.pid;
error_log $DIR/error.log info;
events { worker_connections 512; }
http {
  log_format spec '$connection $connection_requests $server_protocol '
    '$request_method $request_uri $status $http_x_request_id';
  access_log $DIR/access.log spec;
  client_body_temp_path $DIR/body;
  proxy_temp_path $DIR/proxy;
  fastcgi_temp_path $DIR/fastcgi;
  uwsgi_temp_path $DIR/uwsgi;
  scgi_temp_path $DIR/scgi;
  default_type application/json;
  keepalive_timeout 60;
  keepalive_requests 100000;
  client_max_body_size 64m;
  gzip on;
  gzip_min_length 20;
  gzip_types *;
  gzip_proxied any;
  ssl_certificate $DIR/server.crt;
  ssl_certificate_key $DIR/server.key;
  server { listen 127.0.0.1:$TLS ssl http2; include $DIR/paths; }
  server { listen 127.0.0.1:$HTTP1 ssl; include $DIR/paths; }
  server {
    listen 127.0.0.1:$OTHER ssl http2;
    ssl_certificate $DIR/other.crt;
    ssl_certificate_key $DIR/other.key;
    include $DIR/paths;
  }
  server { listen 127.0.0.1:$PLAIN; include $DIR/paths; }
  $EXTRA
}
]]

local PATHS = [[
location = /echo {
  return 200 '{"protocol":"$server_protocol","accept":"$http_accept",
    "encodings":"$http_accept_encoding","agent":"$http_user_agent",
    "request_id":"$http_x_request_id","connection":"$connection",
    "requests":"$connection_requests"}';
}
location = /redirect { return 302 /echo; }
location = /redirect-away { return 302 https://example.com/; }
$STATUS
location /files/ { root $DIR; }
location /sized/ { gzip off; alias $DIR/files/; }
$LOCATIONS
]]

local PROXY = [[
location / {
  proxy_pass $URL;
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_set_header Connection "";
  proxy_pass_request_headers on;
}
]]

-- "return" takes no variable as a status.
local function statuses()
  local list = {}
  for _, code in ipairs { 200, 204, 301, 400, 401, 403, 404, 408, 409, 422,
      429, 500, 502, 503, 504 } do
    list[#list + 1] = ("location = /status/%d { return %d '{}'; }"):format(
      code, code)
  end
  return table.concat(list, "\n")
end

local function fill(text, values)
  return (text:gsub("%$([A-Z][A-Z0-9]*)", values))
end

local write = files.write

local function read(path)
  local file = io.open(path, "rb")
  if not file then return "" end
  local text = file:read "a"
  file:close()
  return text
end

local function openssl(dir, ...)
  local done = process.run { process.find "openssl", cwd = dir, ... }
  if done.code ~= 0 then error("openssl: " .. done.stderr, 3) end
end

local function make_ca(dir, name)
  openssl(dir, "req", "-x509", "-newkey", "ec", "-pkeyopt",
    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
    "/CN=" .. name, "-keyout", name .. ".key", "-out", name .. ".crt")
end

local function make_certificate(dir, name, ca, names)
  write(dir .. "/" .. name .. ".ext", "subjectAltName=" .. names .. "\n")
  openssl(dir, "req", "-newkey", "ec", "-pkeyopt",
    "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" .. name,
    "-keyout", name .. ".key", "-out", name .. ".csr")
  openssl(dir, "x509", "-req", "-in", name .. ".csr", "-CA", ca .. ".crt",
    "-CAkey", ca .. ".key", "-CAcreateserial", "-days", "2",
    "-extfile", name .. ".ext", "-out", name .. ".crt")
end

--- Makes a CA and a certificate of it in a directory, for other TLS servers.
---@return table paths ca, cert, key
function M.certificates(dir, names)
  make_ca(dir, "ca")
  make_certificate(dir, "server", "ca", names or "IP:127.0.0.1,DNS:localhost")
  return { ca = dir .. "/ca.crt", cert = dir .. "/server.crt",
    key = dir .. "/server.key" }
end

local function is_there(port)
  local sock = socket.connect("127.0.0.1", port)
  if sock then sock:close() end
  return sock ~= nil
end

---@param options? table proxy = URL; locations, extra = nginx's own syntax
---  ("$DIR" is the directory)
function M.start(options)
  options = options or {}
  local program = process.find "nginx"
  if not program then error("nginx is not installed", 2) end
  local dir = process.scratch()
  local self = setmetatable({ dir = dir }, mt)
  M.certificates(dir)
  make_certificate(dir, "other", "ca", "DNS:other.example")
  make_ca(dir, "other-ca")
  process.run { "mkdir", dir .. "/files" }
  local locations = options.locations or ""
  if options.proxy then
    locations = locations .. fill(PROXY, { URL = options.proxy })
  end
  self.ports = { TLS = process.free_port(), HTTP1 = process.free_port(),
    OTHER = process.free_port(), PLAIN = process.free_port() }
  local values = { DIR = dir, EXTRA = options.extra or "" }
  for name, port in pairs(self.ports) do values[name] = tostring(port) end
  values.EXTRA = fill(values.EXTRA, values)
  write(dir .. "/nginx.conf", fill(CONFIG, values))
  local text = fill(PATHS, { LOCATIONS = locations, DIR = dir,
    STATUS = statuses() })
  write(dir .. "/paths", fill(text, values))
  self.process = process.spawn { program, "-p", dir, "-e",
    dir .. "/error.log", "-c", dir .. "/nginx.conf" }
  process.eventually(function()
    return not self.process:is_running() or is_there(self.ports.PLAIN)
  end, "nginx")
  if not self.process:is_running() then
    local log = read(dir .. "/error.log") .. self.process:stderr()
    process.remove(dir)
    error("nginx did not start: " .. log, 2)
  end
  self.url = "https://127.0.0.1:" .. self.ports.TLS
  self.http1_url = "https://127.0.0.1:" .. self.ports.HTTP1
  self.other_url = "https://127.0.0.1:" .. self.ports.OTHER
  self.plain_url = "http://127.0.0.1:" .. self.ports.PLAIN
  self.ca_file = dir .. "/ca.crt"
  self.other_ca_file = dir .. "/other-ca.crt"
  return self
end

--- Puts a file where /files/NAME and /sized/NAME find it.
function methods:write(name, text)
  write(self.dir .. "/files/" .. name, text)
end

--- Requests so far: connection, number on it, protocol, method, target,
--- status, request_id.
function methods:log()
  local list = {}
  for line in read(self.dir .. "/access.log"):gmatch "[^\n]+" do
    local connection, number, protocol, method, target, status, id =
      line:match "^(%d+) (%d+) (%S+) (%S+) (%S+) (%d+) (%S+)$"
    list[#list + 1] = { connection = connection, number = tonumber(number),
      protocol = protocol, method = method, target = target,
      status = tonumber(status), request_id = id }
  end
  return list
end

--- What nginx complained about.
function methods:errors() return read(self.dir .. "/error.log") end

--- A client of it; options as for etoro.client.
function methods:client(options)
  local all = { base_url = self.url, ca_file = self.ca_file,
    api_key = "sandbox-api-key", user_key = "sandbox-user-key",
    connect_timeout = patience }
  for name, value in pairs(options or {}) do all[name] = value or nil end
  if all.rate_limit == nil then all.rate_limit = false end
  return require("etoro").client(all)
end

function methods:stop()
  self.process:stop()
  process.remove(self.dir)
end

return M
