-- The heap that sleepers wait in: its first entry is always the earliest, and
-- any entry can be taken out.
local tasks_heap = require "etoro.tasks.heap"

describe("the heap of sleepers", function()
  local function is_heap(heap)
    for slot, entry in ipairs(heap) do
      if entry.slot ~= slot or slot > 1 and heap[slot // 2].at > entry.at then
        error("slot " .. slot .. " is out of order", 2)
      end
    end
  end

  local function heap_of(...)
    local heap, entries = {}, {}
    for i, at in ipairs { ... } do
      entries[i] = { at = at }
      tasks_heap.add(heap, entries[i])
    end
    is_heap(heap)
    return heap, entries
  end

  it("gives its entries in the order of their times", function()
    local heap = heap_of(5, 3, 8, 1, 9, 2, 7, 3, 6, 4)
    local times = {}
    while heap[1] do
      times[#times + 1] = heap[1].at
      tasks_heap.remove(heap, heap[1])
      is_heap(heap)
    end
    assert.same({ 1, 2, 3, 3, 4, 5, 6, 7, 8, 9 }, times)
  end)

  it("gives those of one time in their order", function()
    local heap, orders = {}, {}
    for order = 1, 20 do
      tasks_heap.add(heap, { at = order % 2, order = order })
    end
    while heap[1] do
      orders[#orders + 1] = heap[1].order
      tasks_heap.remove(heap, heap[1])
    end
    local expected = {}
    for i = 1, 10 do expected[i], expected[i + 10] = 2 * i, 2 * i - 1 end
    assert.same(expected, orders)
  end)

  it("moves what fills a gap down, or up", function()
    local heap, entries = heap_of(1, 10, 2, 11, 12, 3, 4)
    tasks_heap.remove(heap, entries[4]) -- 4 is earlier than 10 above the gap
    is_heap(heap)
    assert.equal(6, #heap)
    assert.is_nil(entries[4].slot)
    tasks_heap.remove(heap, entries[1])
    is_heap(heap)
    assert.equal(2, heap[1].at)
  end)

  it("loses the one that is taken out alone, whatever the order", function()
    local seed = 12345
    local function random(most)
      seed = (seed * 1103515245 + 12345) % 2 ^ 31
      return math.tointeger(seed // 65536 % most) + 1
    end
    for _ = 1, 50 do
      local heap, held = {}, {}
      for _ = 1, 60 do
        if #held == 0 or random(3) > 1 then
          held[#held + 1] = { at = random(20) }
          tasks_heap.add(heap, held[#held])
        else
          tasks_heap.remove(heap, table.remove(held, random(#held)))
        end
        is_heap(heap)
        if #held ~= #heap then error(#heap .. " of " .. #held .. " are left") end
      end
      for _, entry in ipairs(held) do assert.equal(entry, heap[entry.slot]) end
    end
  end)
end)
