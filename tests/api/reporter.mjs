// Plays one session through the real CmcdReporter into the collector given, and prints what its own validator says.
import { CmcdReporter, validateCmcdEventReport } from '@svta/cml-cmcd'

const [url, sid, batchSize] = process.argv.slice(2)
const sent = []

async function requester(request) {
  const { status } = await fetch(request.url, request)
  sent.push({ status, request })
  return { status }
}

const reporter = new CmcdReporter({
  sid,
  cid: 'creator-42/vid-7',
  eventTargets: [{ url, batchSize: Number(batchSize), events: ['ps', 't', 'e', 'c'], interval: 60, enabledKeys: [
    'bl', 'br', 'cid', 'e', 'ec', 'msd', 'mtp', 'pr', 'sf', 'sid', 'sn', 'st', 'sta', 'ts', 'v',
  ] }],
}, requester)

function enter(sta) {
  const at = Date.now()
  reporter.update({ sta })
  return at
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

reporter.update({ sf: 'h', st: 'v', br: [3000.4], bl: [1234], mtp: [25377], pr: 1 })
reporter.start()
const began = enter('s')
await pause(120)
const joined = enter('p')
await pause(150)
const stalled = enter('r')
await pause(80)
const resumed = enter('p')
await pause(60)
const left = enter('q')
reporter.stop(true)
await pause(300)
console.log(JSON.stringify({
  sent: sent.map(({ status, request }) => {
    const { valid, issues } = validateCmcdEventReport(request)
    return { status, valid, issues, body: request.body }
  }),
  join_ms: joined - began,
  stall_ms: resumed - stalled,
  play_ms: (stalled - joined) + (left - resumed),
}))
process.exit(0)
