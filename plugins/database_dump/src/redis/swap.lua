-- What must happen in one moment: ARGV is what to do, what may be taken away, the id of the restore, and then
-- DATABASE:SPARE for each database that was loaded into a spare one. have= and make= are digests of the functions that were
-- there before and that come. No single quote stands here.
local action, mode, id = ARGV[1], ARGV[2], ARGV[3]
local marker, hint, drill = "sidecar_new_" .. id, "sidecar:loading", "sidecar:drill"
local loaded, filled, last, functions = {}, {}, nil, {}
for i = 4, #ARGV do
  local db, spare = string.match(ARGV[i], "^(%d+):(%d+)$")
  local which, digest = string.match(ARGV[i], "^(%w+)=(%x*)$")
  if db then loaded[spare], filled[db], last = db, true, spare end
  if which then functions[which] = digest end
end
local libraries = tonumber(string.match(redis.call("INFO", "memory"), "number_of_libraries:(%d+)")) or 0
local function used()
  local all = {}
  for db in string.gmatch(redis.call("INFO", "keyspace"), "db(%d+):keys") do all[#all + 1] = db end
  return all
end
local function text(key)
  local found = redis.pcall("GET", key)
  return type(found) == "string" and found or ""
end
local function answer(said)
  if last or action == "record" then redis.call("SELECT", last or "0") redis.call("SET", marker, said) end
  return said
end
-- Of the selected database: that a drill has made it, how many keys it has, and which functions came with it. A drill that is
-- killed before they come leaves those that an earlier one has made.
local function note()
  redis.call("SET", drill, "made " .. id .. " 0")
  redis.call("SET", drill, "made " .. id .. " " .. redis.call("DBSIZE") .. " " .. (functions.make or "") .. " " .. (functions.have or ""))
end
local function has_made_functions(databases)
  for _, db in ipairs(databases) do
    redis.call("SELECT", db)
    local made = string.match(text(drill), "^made %w+ %d+ (.*)$") or ""
    for digest in string.gmatch(made, "%x+") do if digest == functions.have then return true end end
  end
  return false
end
local before = used()
if action == "note" then
  if not before[1] and libraries > 0 then before[1] = "0" end
  for _, db in ipairs(before) do redis.call("SELECT", db) note() end
  return "noted"
end
for spare in pairs(loaded) do
  redis.call("SELECT", spare)
  if redis.call("EXISTS", marker) == 0 then return answer("changed " .. spare) end
end
for _, db in ipairs(before) do
  if not loaded[db] and mode ~= "any" then
    redis.call("SELECT", db)
    local keys, made = redis.call("DBSIZE"), nil
    if mode == "drill" then made = tonumber(string.match(text(drill), "^made %w+ (%d+)")) end
    if keys > (made or 0) then return answer("taken " .. db .. " " .. keys) end
  end
end
if mode == "drill" and libraries > 0 and not has_made_functions(before) then return answer("taken functions " .. libraries) end
if action ~= "swap" then return "free" end
for spare, db in pairs(loaded) do
  redis.call("SWAPDB", db, spare)
  redis.call("SELECT", db)
  redis.call("DEL", marker)
  if text(hint) == id then redis.call("DEL", hint) end
  if mode == "drill" then note() end
  redis.call("SELECT", spare)
  redis.call("FLUSHDB", "ASYNC")
end
for _, db in ipairs(before) do
  if not loaded[db] and not filled[db] then redis.call("SELECT", db) redis.call("FLUSHDB", "ASYNC") end
end
if mode == "drill" and not last and functions.make ~= "" then redis.call("SELECT", "0") note() end
return answer("swapped")
