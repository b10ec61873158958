"""What happens on the server, each script as one step that nobody comes between."""

from __future__ import annotations

# Writes a row if it still is what the writer saw, puts its id into the right sets, and writes the runs of a session.
# KEYS: row, set of all, sorted set, order of runs, runs, then the sets to leave and those to enter.
# ARGV: row seen, what to do with it, new row, id, number for the sorted set, seconds to live, how many sets to leave,
# how many runs, then ids and texts of runs, then ids of runs to delete.
# Gives {1}, or {0, the row that is there}.
WRITE = """
local seen = redis.call('GET', KEYS[1])
if (seen or '') ~= ARGV[1] then return {0, seen or ''} end
local id, seconds, leave, runs = ARGV[4], tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
for i = 6, 5 + leave do redis.call('SREM', KEYS[i], id) end
if ARGV[2] == 'delete' then
  redis.call('DEL', KEYS[1], KEYS[4], KEYS[5])
  redis.call('SREM', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
  return {1}
end
if ARGV[2] == 'set' then
  redis.call('SET', KEYS[1], ARGV[3])
  redis.call('SADD', KEYS[2], id)
  if ARGV[5] ~= '' then redis.call('ZADD', KEYS[3], ARGV[5], id) end
  for i = 6 + leave, #KEYS do redis.call('SADD', KEYS[i], id) end
end
local last = redis.call('ZREVRANGE', KEYS[4], 0, 0, 'WITHSCORES')[2]
local place = tonumber(last or '0')
for i = 9, 8 + 2 * runs, 2 do
  place = place + 1
  redis.call('ZADD', KEYS[4], 'NX', place, ARGV[i])
  redis.call('HSET', KEYS[5], ARGV[i], ARGV[i + 1])
end
for i = 9 + 2 * runs, #ARGV do
  redis.call('ZREM', KEYS[4], ARGV[i])
  redis.call('HDEL', KEYS[5], ARGV[i])
end
if seconds > 0 then
  for _, i in ipairs({1, 4, 5}) do redis.call('EXPIRE', KEYS[i], seconds) end
end
return {1}
"""

# A session's row, then ids and texts of its newest runs, newest first. KEYS: row, order of runs, runs. ARGV: rank of the last.
LOAD = """
local row = redis.call('GET', KEYS[1])
if not row then return {} end
local found = {row}
if ARGV[1] == 'none' then return found end
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[2], 0, ARGV[1])) do
  local text = redis.call('HGET', KEYS[3], id)
  if text then
    found[#found + 1] = id
    found[#found + 1] = text
  end
end
return found
"""

# Takes the id of a row that has expired out of sets, if it is not there again. KEYS: row, sorted set, sets. ARGV: id.
FORGET = """
if redis.call('EXISTS', KEYS[1]) == 1 then return end
redis.call('ZREM', KEYS[2], ARGV[1])
for i = 3, #KEYS do redis.call('SREM', KEYS[i], ARGV[1]) end
"""

__all__ = ["FORGET", "LOAD", "WRITE"]
