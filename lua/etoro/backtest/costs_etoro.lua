-- What trading costs at eToro, by kind of instrument: the figures behind costs
-- "etoro". Spreads and nights are fractions of the price, fees are US dollars for
-- an opening and for a closing. Where measured ones lie apart, the dear end stands
-- here; `measured` is false where nobody has measured, as nobody has what
-- converting currencies takes.

-- Bought whole an order for shares or funds cost 1.50; spreads of shares were
-- 0.003 % to 0.16 %. What is leveraged or short is a CFD and pays nights as one.
local SHARES = { spread = 0.0016, fee = 1.5, markup = 0.0, overnight = 0.0,
  overnight_borrowed = 0.00023, measured = true }

-- 15 bp for a round trip and 2.3 bp a night, leveraged or not.
local INDEX = { spread = 0.0015, fee = 0.0, markup = 0.0, overnight = 0.00023,
  overnight_borrowed = 0.0, measured = true }

-- CFDs as indices are; theirs stand in.
local CFD = { spread = 0.0015, fee = 0.0, markup = 0.0, overnight = 0.00023,
  overnight_borrowed = 0.0, measured = false }

-- One percent each way, as published.
local COINS = { spread = 0.02, fee = 0.0, markup = 0.0, overnight = 0.0,
  overnight_borrowed = 0.00023, measured = false }

--- By the API's instrumentTypeID; `other` is what is not known.
---@type table<integer|"other", table>
return { other = SHARES, [1] = CFD, [2] = CFD, [3] = CFD, [4] = INDEX, [5] = SHARES,
  [6] = SHARES, [10] = COINS }
