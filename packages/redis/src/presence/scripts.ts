// Leases inside Redis, by Redis' own time. `leases`: sorted set worker -> end, ms. `w:<worker>`: the users it holds. `u:<user>`: the workers
// that hold them. Every key has a life of its own too, so that nothing stays for ever whatever dies.
import { scriptOf } from '../link.ts';

/** Keys that nobody touches any more are gone after this; far longer than any lease. */
const KEEP_MS = 3_600_000;

/** Keys of all scripts: leases, the worker's set. First arguments: prefix of the keys, channel of changes. */
const HEAD = `
local leases, held, prefix, channel = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local keep = ${KEEP_MS}
local function online(user)
  for _, worker in ipairs(redis.call('SMEMBERS', prefix .. 'u:' .. user)) do
    local ends = redis.call('ZSCORE', leases, worker)
    if ends and tonumber(ends) > now then return true end
  end
  return false
end
local function tell(users, state)
  if #users > 0 then redis.call('SPUBLISH', channel, cjson.encode({ online = state, users = users })) end
end
`;

/** What a missing lease had held is told offline this much later: most of them are announced again in this moment. */
const GHOST_MS = 1_000;
/** Nobody swept for this long: Redis was away, and so leases ran out that nobody could keep. */
const GAP_MS = 2_500;
/** Then nobody is swept for this time: who is alive says so first. Two touches of a gateway. */
const SETTLE_MS = 5_000;
/** One sweep in this time, whichever process asks for it. */
const SWEEP_MS_MIN = 500;

/**
 * Arguments: worker, lease in ms, id of what is left of a missing lease, 1 when the worker is not sure what it holds (then the lease is
 * missing), users. Answers 1 when the lease was kept, 0 when it was missing: what it held is forgotten.
 */
export const TOUCH = scriptOf(`${HEAD}
local worker, ttl, ghost = ARGV[3], tonumber(ARGV[4]), ARGV[5]
local ends = redis.call('ZSCORE', leases, worker)
local kept = ends and tonumber(ends) > now and ARGV[6] == '0'
if not kept then
  local users = redis.call('SMEMBERS', held)
  for _, user in ipairs(users) do redis.call('SREM', prefix .. 'u:' .. user, worker) end
  if #users > 0 then
    redis.call('RENAME', held, prefix .. 'w:' .. ghost)
    redis.call('ZADD', leases, string.format('%.0f', now + ${GHOST_MS}), ghost)
  end
end
redis.call('ZADD', leases, string.format('%.0f', now + ttl), worker)
local came = {}
for i = 7, #ARGV do
  local user = ARGV[i]
  if not online(user) then came[#came + 1] = user end
  redis.call('SADD', held, user)
  redis.call('SADD', prefix .. 'u:' .. user, worker)
  redis.call('PEXPIRE', prefix .. 'u:' .. user, keep)
end
redis.call('PEXPIRE', leases, keep)
redis.call('PEXPIRE', held, keep)
local at = prefix .. 'at:' .. worker
local slice = redis.call('SSCAN', held, redis.call('GET', at) or '0', 'COUNT', math.max(50, math.ceil(redis.call('SCARD', held) / 200)))
for _, user in ipairs(slice[2]) do redis.call('PEXPIRE', prefix .. 'u:' .. user, keep) end
redis.call('SET', at, slice[1], 'PX', keep)
redis.call('HSETNX', KEYS[3], 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[3], keep)
tell(came, true)
return kept and 1 or 0
`);

/** Arguments: worker, users. */
export const DROP = scriptOf(`${HEAD}
local worker, gone = ARGV[3], {}
for i = 4, #ARGV do
  local user = ARGV[i]
  if redis.call('SREM', held, user) == 1 then
    redis.call('SREM', prefix .. 'u:' .. user, worker)
    if not online(user) then gone[#gone + 1] = user end
  end
end
tell(gone, false)
return #gone
`);

/** Ends the lease; what it held is swept next. Argument: worker. */
export const END = scriptOf(`${HEAD}
if redis.call('ZSCORE', leases, ARGV[3]) then redis.call('ZADD', leases, 0, ARGV[3]) end
return 0
`);

/**
 * Third key: when was swept last. Arguments: the worker whose ended lease is swept now, or empty for all; most users in one go; 1 when this
 * goes on with a sweep. Answers 1 when there is more.
 */
export const SWEEP = scriptOf(`${HEAD}
local only, most, workers = ARGV[3], tonumber(ARGV[4]), { ARGV[3] }
if only == '' then
  if ARGV[5] == '0' then
    local state = redis.call('HMGET', KEYS[3], 'at', 'till')
    local since = state[1] and now - tonumber(state[1]) or ${SWEEP_MS_MIN}
    if since >= 0 and since < ${SWEEP_MS_MIN} then return 0 end
    local till = tonumber(state[2] or '0')
    if since > ${GAP_MS} then till = now + ${SETTLE_MS} end
    redis.call('HSET', KEYS[3], 'at', string.format('%.0f', now), 'till', string.format('%.0f', till))
    redis.call('PEXPIRE', KEYS[3], keep)
    if now < till then return 0 end
  end
  workers = redis.call('ZRANGEBYSCORE', leases, '-inf', string.format('%.0f', now))
end
local seen, gone = {}, {}
for _, worker in ipairs(workers) do
  local set = prefix .. 'w:' .. worker
  for _, user in ipairs(redis.call('SPOP', set, most)) do
    redis.call('SREM', prefix .. 'u:' .. user, worker)
    seen[user] = true
    most = most - 1
  end
  if redis.call('EXISTS', set) == 0 then
    redis.call('ZREM', leases, worker)
    redis.call('DEL', prefix .. 'at:' .. worker)
  end
  if most <= 0 then break end
end
for user in pairs(seen) do if not online(user) then gone[#gone + 1] = user end end
tell(gone, false)
return most <= 0 and 1 or 0
`);

/** Arguments: users. Answers those online. */
export const READ = scriptOf(`${HEAD}
local found = {}
for i = 3, #ARGV do if online(ARGV[i]) then found[#found + 1] = ARGV[i] end end
return found
`);
