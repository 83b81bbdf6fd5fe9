// The feed's tails inside Redis: a list per channel, its entries `from to at sum size\npayload`, where `sum` counts the bytes of the tail
// since it began. Time is Redis' own.
import { scriptOf } from './link.ts';

const HEAD = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function read(entry)
  local from, to, at, sum, size = string.match(entry, '^(%d+) (%d+) (%d+) (%d+) (%d+)\\n')
  return tonumber(from), tonumber(to), tonumber(at), tonumber(sum), tonumber(size)
end
`;

/**
 * Keys: the tail of each message. Arguments: most bytes, longest age in ms, then channel, payload, from and to of each message; from is
 * empty when no tail is kept. What comes again replaces; what does not continue the tail begins it anew.
 */
export const PUBLISH = scriptOf(`${HEAD}
local maxBytes, maxAge = tonumber(ARGV[1]), tonumber(ARGV[2])
local at = string.format('%.0f', now)
for i, key in ipairs(KEYS) do
  local channel, payload, from, to = ARGV[4 * i - 1], ARGV[4 * i], ARGV[4 * i + 1], ARGV[4 * i + 2]
  if from ~= '' then
    local first, sum = tonumber(from), #payload
    local last = redis.call('LINDEX', key, -1)
    while last do
      local f, t, _, before = read(last)
      if f < first then
        if t == first - 1 then sum = before + #payload else redis.call('DEL', key) end
        break
      end
      redis.call('RPOP', key)
      last = redis.call('LINDEX', key, -1)
    end
    redis.call('RPUSH', key, from .. ' ' .. to .. ' ' .. at .. ' ' .. string.format('%.0f', sum) .. ' ' .. #payload .. '\\n' .. payload)
    local oldest = redis.call('LINDEX', key, 0)
    while oldest do
      local _, _, when, before, size = read(oldest)
      if sum - before + size <= maxBytes and when >= now - maxAge then break end
      redis.call('LPOP', key)
      oldest = redis.call('LINDEX', key, 0)
    end
    redis.call('PEXPIRE', key, maxAge)
  end
  redis.call('SPUBLISH', channel, payload)
end
return #KEYS
`);

/** Key: the tail. Arguments: position, longest age in ms. Answers the payloads after the position, newest first, or nil. */
export const SINCE = scriptOf(`${HEAD}
local after, maxAge = tonumber(ARGV[1]), tonumber(ARGV[2])
local found, i = {}, -1
while true do
  local entry = redis.call('LINDEX', KEYS[1], i)
  if not entry then return false end
  local from, to, at, _, size = read(entry)
  if at < now - maxAge then return false end
  if to <= after then
    if i == -1 and to < after then return false end
    return found
  end
  found[#found + 1] = string.sub(entry, -size)
  if from <= after + 1 then return found end
  i = i - 1
end
`);
