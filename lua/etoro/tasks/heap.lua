-- A binary heap of entries by their time `at`, those of one time by their
-- `order`. Each knows its slot, so that any of them can be taken out.

local M = {}

local function is_before(a, b)
  return a.at < b.at or a.at == b.at and (a.order or 0) < (b.order or 0)
end

local function place(heap, slot, entry)
  heap[slot], entry.slot = entry, slot
end

local function rise(heap, slot, entry)
  while slot > 1 do
    local parent = math.floor(slot / 2)
    if not is_before(entry, heap[parent]) then break end
    place(heap, slot, heap[parent])
    slot = parent
  end
  place(heap, slot, entry)
end

local function sink(heap, slot, entry)
  local count = #heap
  while 2 * slot <= count do
    local child = 2 * slot
    if child < count and is_before(heap[child + 1], heap[child]) then
      child = child + 1
    end
    if not is_before(heap[child], entry) then break end
    place(heap, slot, heap[child])
    slot = child
  end
  place(heap, slot, entry)
end

---@param heap table the first entry is heap[1]
---@param entry { at: number, order?: integer }
function M.add(heap, entry)
  rise(heap, #heap + 1, entry)
end

--- Takes an entry out that is in the heap.
---@param heap table
---@param entry { at: number }
function M.remove(heap, entry)
  local slot, last = entry.slot, table.remove(heap)
  entry.slot = nil
  if last == entry then return end
  if slot > 1 and is_before(last, heap[math.floor(slot / 2)]) then
    rise(heap, slot, last)
  else
    sink(heap, slot, last)
  end
end

return M
