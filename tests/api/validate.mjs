// Reads event reports as JSON strings, one a line, and prints what the reference validator says of each.
import { createInterface } from 'node:readline'
import { validateCmcdEvents } from '@svta/cml-cmcd'

for await (const line of createInterface({ input: process.stdin })) {
  const { valid, issues, data } = validateCmcdEvents(JSON.parse(line))
  console.log(JSON.stringify({ valid, data, issues: issues.filter((i) => i.severity === 'error') }))
}
