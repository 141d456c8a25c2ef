-- Balances, cash accounts, notifications: see spec/call/requests_spec.lua.
local ID = "f0995efc-25a1-465e-bec3-d309aaf00ede"
local REFERENCE = "2f1c6f0e-7d62-4d5c-9a3b-0c1d2e3f4a5b"
local BALANCES = '{"gcid":7890,"totalBalance":100.5,"displayCurrency":"USD",'
  .. '"balances":[{"accountId":"12","accountType":1,"balance":100.5}]}'
local HISTORY = '{"gcid":7890,"fromDate":"2026-01-01","toDate":"2026-01-31",'
  .. '"snapshots":[{"date":"2026-01-01","totalBalance":99.25}]}'

local function is_balance(answer)
  return answer.totalBalance == 100.5
    and answer.balances[1].accountId == "12"
    and answer.balances[1].accountType == 1
end

local function is_history(answer)
  return answer.snapshots[1].totalBalance == 99.25
end

return {
  { op = "GET /api/v1/balances",
    call = function(client) return client.balances:get() end,
    method = "GET", target = "/api/v1/balances",
    answer = BALANCES, check = is_balance },
  { op = "GET /api/v1/balances", note = "with all it takes",
    call = function(client)
      return client.balances:get { accountTypes = { "Trading", "Cash" },
        displayCurrency = "EUR", includeZeroBalances = true,
        includeSubAccounts = true, expand = "equityDetails" }
    end,
    method = "GET", target = "/api/v1/balances?accountTypes=Trading,Cash"
      .. "&displayCurrency=EUR&expand=equityDetails&includeSubAccounts=true"
      .. "&includeZeroBalances=true",
    answer = BALANCES, check = is_balance },
  { op = "GET /api/v1/balances/history",
    call = function(client)
      return client.balances:history { fromDate = "2026-01-01",
        toDate = "2026-01-31", accountTypes = "Trading" }
    end,
    method = "GET", target = "/api/v1/balances/history?accountTypes=Trading"
      .. "&fromDate=2026-01-01&toDate=2026-01-31",
    answer = HISTORY, check = is_history },
  { op = "GET /api/v1/balances/{accountType}",
    call = function(client)
      return client.balances:get { accountType = "trading",
        accountIds = { "12", "13" } }
    end,
    method = "GET", target = "/api/v1/balances/trading?accountIds=12,13",
    answer = BALANCES, check = is_balance },
  { op = "GET /api/v1/balances/{accountType}/history",
    call = function(client)
      return client.balances:history { accountType = "options" }
    end,
    method = "GET", target = "/api/v1/balances/options/history",
    answer = HISTORY, check = is_history },
  { op = "GET /api/v1/balances/{accountType}/{accountId}",
    call = function(client)
      return client.balances:get { accountType = "cash", accountId = "a-1" }
    end,
    method = "GET", target = "/api/v1/balances/cash/a-1",
    answer = BALANCES, check = is_balance },
  { op = "GET /api/v1/balances/{accountType}/{accountId}/history",
    call = function(client)
      return client.balances:history { accountType = "trading",
        accountId = 12, displayCurrency = "EUR" }
    end,
    method = "GET",
    target = "/api/v1/balances/trading/12/history?displayCurrency=EUR",
    answer = HISTORY, check = is_history },

  { op = "GET /api/v1/money/accounts/cash",
    call = function(client) return client.cash:accounts() end,
    method = "GET", target = "/api/v1/money/accounts/cash",
    answer = '{"accounts":[{"id":"' .. ID .. '","currency":"GBP"}],'
      .. '"eligibilityStatus":"IbanEligible"}',
    check = function(accounts, response)
      return accounts[1].id == ID
        and response.meta.eligibilityStatus == "IbanEligible"
    end },
  { op = "POST /api/v1/money/accounts/cash",
    call = function(client)
      return client.cash:create { tncDocId = 12,
        requestReferenceId = REFERENCE }
    end,
    method = "POST", target = "/api/v1/money/accounts/cash",
    body = '{"requestReferenceId":"' .. REFERENCE .. '","tncDocId":12}',
    status = 202, answer = '{"requestReferenceId":"' .. REFERENCE
      .. '","eligibilityStatus":"IbanEligible","status":"Pending"}',
    check = function(request) return request.status == "Pending" end },
  { op = "GET /api/v1/money/accounts/cash/eligibility",
    call = function(client) return client.cash:eligibility() end,
    method = "GET", target = "/api/v1/money/accounts/cash/eligibility",
    answer = '{"eligibilityStatus":"IbanEligible",'
      .. '"prerequisite":{"tncInfo":{"tncDocId":12,"url":"u"}}}',
    check = function(eligibility)
      return eligibility.prerequisite.tncInfo.tncDocId == 12
    end },
  { op = "GET /api/v1/money/accounts/cash/status",
    call = function(client) return client.cash:status(REFERENCE) end,
    method = "GET", target = "/api/v1/money/accounts/cash/status"
      .. "?requestReferenceId=" .. REFERENCE,
    answer = '{"requestReferenceId":"' .. REFERENCE .. '","status":"Success"}',
    check = function(status) return status.status == "Success" end },
  { op = "GET /api/v1/money/accounts/cash/{accountId}",
    call = function(client) return client.cash:get(ID) end,
    method = "GET", target = "/api/v1/money/accounts/cash/" .. ID,
    answer = '{"id":"' .. ID .. '","currency":"GBP"}',
    check = function(account) return account.currency == "GBP" end },
  { op = "GET /api/v1/money/accounts/cash/{accountId}/transactions",
    call = function(client)
      return client.cash:transactions(ID, { pageSize = 500,
        pageToken = "eyJsYXN0SWQiOjEyMzk1fQ==" })
    end,
    method = "GET", target = "/api/v1/money/accounts/cash/" .. ID
      .. "/transactions?pageSize=500&pageToken=eyJsYXN0SWQiOjEyMzk1fQ%3D%3D",
    answer = '{"results":[{"id":"1","amount":"100.00"}],"pagination":'
      .. '{"pageSize":500,"nextPageToken":null,"hasNext":false}}',
    check = function(results, response)
      return results[1].amount == "100.00"
        and response.meta.pagination.hasNext == false
    end },
  { op = "GET /api/v1/money/accounts/cash/{accountId}/transactions",
    note = "one by one",
    call = function(client) return client.cash:each_transaction(ID)() end,
    method = "GET",
    target = "/api/v1/money/accounts/cash/" .. ID .. "/transactions",
    answer = '{"results":[{"id":"1","amount":"100.00"}],"pagination":'
      .. '{"pageSize":50,"nextPageToken":null,"hasNext":false}}',
    check = function(item) return item.amount == "100.00" end },

  { op = "GET /api/v1/money/transfer-eligibility",
    call = function(client) return client.transfers:eligibility() end,
    method = "GET", target = "/api/v1/money/transfer-eligibility",
    answer = '[{"sourceAccount":{"accountType":"cash","accountId":"1"}}]',
    check = function(list) return list[1].sourceAccount.accountId == "1" end },
  { op = "GET /api/v1/money/transfer-fee-configurations",
    call = function(client) return client.transfers:fees() end,
    method = "GET", target = "/api/v1/money/transfer-fee-configurations",
    answer = '[{"percentageFee":0.5}]',
    check = function(list) return list[1].percentageFee == 0.5 end },
  { op = "GET /api/v1/money/transfer-limits",
    call = function(client) return client.transfers:limits() end,
    method = "GET", target = "/api/v1/money/transfer-limits",
    answer = '[{"minAmount":1,"maxAmount":2.5}]',
    check = function(list) return list[1].maxAmount == 2.5 end },
  { op = "GET /api/v1/money/transferable-balance",
    call = function(client)
      return client.transfers:available(
        { accountType = "Trading", accountId = "12", balance = 5 },
        { accountType = "cash", accountId = ID })
    end,
    method = "GET", target = "/api/v1/money/transferable-balance"
      .. "?destinationAccountId=" .. ID .. "&destinationAccountType=cash"
      .. "&sourceAccountId=12&sourceAccountType=trading",
    answer = '{"transferableAmount":10.25,"currency":"USD"}',
    check = function(able) return able.transferableAmount == 10.25 end },
  { op = "POST /api/v1/money/transfers", account = "real",
    call = function(client)
      return client.transfers:create { amount = "10.10", currency = "USD",
        sourceAccount = { accountType = "trading", accountId = "12" },
        destinationAccount = { accountType = "cash", accountId = ID },
        requestReferenceId = "rent-11" }
    end,
    method = "POST", target = "/api/v1/money/transfers",
    body = '{"amount":10.10,"currency":"USD","destinationAccount":{"accountId":"'
      .. ID .. '","accountType":"cash"},"requestReferenceId":"rent-11",'
      .. '"sourceAccount":{"accountId":"12","accountType":"trading"}}',
    answer = '{"transferId":9876543210,"requestReferenceId":"rent-11"}',
    check = function(transfer) return transfer.transferId == 9876543210 end },
  { op = "GET /api/v1/money/transfers/{transferId}",
    call = function(client) return client.transfers:get(9876543210) end,
    method = "GET", target = "/api/v1/money/transfers/9876543210",
    answer = '{"results":[{"id":9876543210,"status":"pending"}]}',
    check = function(transfer) return transfer.status == "pending" end },
  { op = "GET /api/v1/money/transfers:lookup",
    call = function(client) return client.transfers:lookup "rent 11" end,
    method = "GET",
    target = "/api/v1/money/transfers:lookup?requestReferenceId=rent%2011",
    answer = '{"results":[]}',
    check = function(list) return #list == 0 end },

  { op = "GET /api/v1/notifications/messages",
    call = function(client) return client.notifications:list() end,
    method = "GET", target = "/api/v1/notifications/messages",
    answer = '{"messages":[{"messageId":"' .. ID .. '","readStatus":"New"}],'
      .. '"meta":{"notSeen":3}}',
    check = function(messages, response)
      return messages[1].readStatus == "New"
        and response.meta.meta.notSeen == 3
    end },
  { op = "PATCH /api/v1/notifications/messages",
    call = function(client) return client.notifications:mark_all_read() end,
    method = "PATCH", target = "/api/v1/notifications/messages", status = 204,
    check = function(done) return done == true end },
}
