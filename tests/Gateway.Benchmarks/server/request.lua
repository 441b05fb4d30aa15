-- For wrk: method, body (a file) and Authorization come from the environment; the last line says what was measured.
wrk.method = os.getenv("BENCH_METHOD") or "GET"
if os.getenv("BENCH_AUTHORIZATION") then wrk.headers["Authorization"] = os.getenv("BENCH_AUTHORIZATION") end
if os.getenv("BENCH_BODY") then
  local file = io.open(os.getenv("BENCH_BODY"))
  wrk.body = file:read("*a")
  file:close()
  wrk.headers["Content-Type"] = "application/json"
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format("MEASURED %d %d %d %d %d %d", summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(50), latency:percentile(99)))
end
