-- Where a document contradicts itself, or shows what its schema refuses: { operation,
-- place, message, why = }, the first three patterns of what is found.
return {
  { "agent%-portfolios", "^response.*expiresAt$", "must be string",
    why = "a token's expiresAt: null where a token is created says that it never "
      .. "expires, and the same token is listed without null" },
  { "agent%-portfolios", "^response.*ipsWhitelist$", "must be array",
    why = "a token's ipsWhitelist: an array, of which the text says that null is "
      .. "unrestricted" },
  { "^PATCH /api/v2/agent%-portfolios", "^request.body.expiresAt$", "must be string",
    why = "a token's expiresAt: no way is told to take it away but the null by which "
      .. "answers say that there is none" },
  { "/info/.*/orders/", "^response.body.errorMessage$", "must be string",
    why = "errorMessage of an order: a string whose example is null" },
  -- newer than the document that has the operation
  { "^POST /api/v2/trading/execution/.*orders$", "^request.body.orderType$",
    "allowed values: mkt, mit",
    why = "limitIOC in v2 orders, which v1.375.0 has and v1.244.0 has not" },
  -- Prism's own
  { "^POST /api/v1/attachments", "^answer$", "^422 $",
    why = "Prism reads bodies as text, which no picture survives" },
}
