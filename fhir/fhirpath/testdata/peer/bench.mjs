// Measures HL7's fhirpath.js on the expressions of BenchmarkTypical:
//
//   npm install fhirpath@4.11.0
//   node bench.mjs Observation.000.ndjson.gz
//
// It prints evaluations per second of processor time: with the resources parsed
// once for all expressions, and with them parsed before.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const require = createRequire(process.cwd() + '/');
const fhirpath = require('fhirpath');
const model = require('fhirpath/fhir-context/r4');

const expressions = [
  'code.coding.code',
  'subject.reference',
  'value.ofType(Quantity).value > 5',
  "category.coding.where(system = 'http://terminology.hl7.org/CodeSystem/observation-category').code",
  'component.exists() or value.exists()',
].map((e) => fhirpath.compile(e, model));

const lines = gunzipSync(readFileSync(process.argv[2])).toString('utf8').split('\n').filter(Boolean).slice(0, 5000);

function round(parse) {
  const resources = parse ? null : lines.map((l) => JSON.parse(l));
  const before = process.cpuUsage();
  let items = 0;
  for (let i = 0; i < lines.length; i++) {
    const resource = parse ? JSON.parse(lines[i]) : resources[i];
    for (const e of expressions) items += e(resource).length;
  }
  const used = process.cpuUsage(before);
  return { rate: (lines.length * expressions.length) / ((used.user + used.system) / 1e6), items };
}

for (const parse of [false, true]) {
  let best = { rate: 0 };
  for (let i = 0; i < 5; i++) {
    const r = round(parse);
    if (r.rate > best.rate) best = r;
  }
  console.log(`${parse ? 'with' : 'without'} parsing: ${Math.round(best.rate)} evaluations/s/core, ${best.items} items`);
}
