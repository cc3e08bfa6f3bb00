-- wrk script: requests that take turns among many users, each with a cookie.
--   wrk ... -s session.lua URL -- PATH COOKIE_FILE [follow]
-- With "follow" a user brings the cookie of the last answer, as a browser does; the answer's JSON
-- says which user it was for ("n").
local requests = {}
local turn = 0
local path, jar

local function make(cookie)
  return wrk.format("GET", path, cookie ~= "" and { ["Cookie"] = cookie } or {})
end

function init(args)
  path = args[1]
  for line in io.lines(args[2]) do requests[#requests + 1] = make(line) end
  if args[3] == "follow" then
    response = function(_, headers, body)
      local user = tonumber(body:match('"n":(%d+)'))
      local value = (headers["Set-Cookie"] or headers["set-cookie"] or ""):match("^[^;]+")
      if user and value then requests[user + 1] = make(value) end
    end
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
