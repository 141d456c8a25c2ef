-- OAuth applications of the caller's: what other people's users log in to. Their
-- secrets are shown once, sealed.

local core = require "etoro.core"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local resource = require "etoro.resource"

local tostring = core.text -- not up to the locale

local SSO = "/api/v1/sso"
local APPLICATIONS = SSO .. "/applications"
local CREATE = operations["POST " .. APPLICATIONS]
local ROTATE = operations["POST " .. APPLICATIONS .. "/{clientId}/client-secret"]

---@class etoro.ApplicationScope
---@field scopeId integer see client.applications:scopes
---@field isMandatory boolean

---@class etoro.NewApplication
---@field applicationName string up to 100 characters
---@field applicationIconUrl string up to 500
---@field scopes etoro.ApplicationScope[]
---@field redirectUris string[]
---@field allowedGcids? integer[]

---@class etoro.Application
---@field applicationId integer
---@field applicationName string
---@field clientId string UUID
---@field clientSecret? etoro.Secret sealed; only in the answer that made it
---@field scopes etoro.ApplicationScope[]
---@field redirectUris string[]
---@field applicationState string in the API's words, such as "InDev"
---@field [string] any what else the API tells, in any spelling

---@class etoro.ScopeName
---@field scopeId integer
---@field scopeName string
---@field [string] any what else the API tells, in any spelling

---@class etoro.ClientSecret
---@field clientId string UUID
---@field clientSecret etoro.Secret sealed
---@field [string] any what else the API tells, in any spelling

---@class etoro.Applications client.applications
local collection, M = resource.define "applications"

-- What the API would refuse, though each value alone could be.
local function check(fields)
  local name, seen = fields.applicationName, {}
  if type(name) == "string" and name ~= "" and not name:find "[^ \t-\r]" then
    return errors.invalid("applicationName", "is blank")
  end
  for i, scope in ipairs(type(fields.scopes) == "table" and fields.scopes or {}) do
    local id = type(scope) == "table" and scope.scopeId
    if id and seen[tostring(id)] then
      return errors.invalid("scopes", ("has the scope %s twice, at %d and %d")
        :format(tostring(id), seen[tostring(id)], i))
    end
    if id then seen[tostring(id)] = i end
  end
end

local function checked(fields)
  local err = type(fields) == "table" and check(fields) or nil
  if err then return nil, err end
  return fields
end

--- Registers an application (v1.375.0, SSO Applications). It is never sent twice;
--- after an error with the kind unknown_outcome look for its name in
--- applications:list: the secret of one that is there is lost, and rotate makes
--- another.
---@param fields etoro.NewApplication
---@param options? etoro.RequestOptions
---@return etoro.Application? application with clientSecret
---@return etoro.Response|etoro.Error
function collection:create(fields, options)
  local client = resource.client_of(self, "client.applications:create")
  local _, fault = checked(fields)
  if fault then return nil, fault end
  local body, response = resource.send(client, CREATE, { body = fields }, options)
  if body == nil then
    return resource.hinted(response, "Look for its name in client.applications:list: its"
      .. " secret is lost, and client.applications:rotate makes another")
  end
  local application = type(body) == "table" and body.application
  if type(application) ~= "table" then
    return nil, errors.unexpected("the answer has no application", response, CREATE)
  end
  application.clientSecret = body.clientSecret
  return application, response
end

--- Makes a new secret (v1.375.0, SSO Applications). The old one is no longer taken
--- from then on, whether or not the answer arrives; it is never sent twice.
---@param id string clientId
---@param options? etoro.RequestOptions
---@return etoro.ClientSecret? secret
---@return etoro.Response|etoro.Error
function collection:rotate(id, options)
  local client = resource.client_of(self, "client.applications:rotate")
  local secret, response = resource.object(client, ROTATE, "", { clientId = id },
    options)
  if secret then return secret, response end
  return resource.hinted(response, "The old secret may be dead: rotate once more, on purpose")
end

resource.rows(collection, "client.applications", {
  --- Lists the caller's applications (v1.375.0, SSO Applications).
  ---@param options? etoro.RequestOptions
  ---@return etoro.Application[]? applications
  ---@return etoro.Response|etoro.Error
  list = { "GET " .. APPLICATIONS, list = "applications" },

  --- Lists the scopes that applications may ask for, with the ids that they have
  --- there (v1.375.0, SSO Applications).
  ---@param options? etoro.RequestOptions
  ---@return etoro.ScopeName[]? scopes
  ---@return etoro.Response|etoro.Error
  scopes = { "GET " .. SSO .. "/scopes", list = "scopes" },

  --- Changes an application; lists are set as a whole (v1.375.0, SSO Applications).
  ---@param id string clientId
  ---@param changes etoro.NewApplication any of its fields
  ---@param options? etoro.RequestOptions
  ---@return etoro.Application? application
  ---@return etoro.Response|etoro.Error err kind not_found where it is unknown, or
  ---another's
  update = { "PUT " .. APPLICATIONS .. "/{clientId}", "clientId",
    { "body", checked }, at = "application" },

  --- Deletes an application (v1.375.0, SSO Applications).
  ---@param id string clientId
  ---@param options? etoro.RequestOptions
  ---@return boolean? done
  ---@return etoro.Response|etoro.Error
  delete = { "DELETE " .. APPLICATIONS .. "/{clientId}", "clientId", done = true },
})

return M
