import { contestant } from './turns.mjs'
const [step, rounds, ...variants] = process.argv.slice(2)
const script = step.includes('lstm')||step.includes('gru') ? 'transferkit-recurrent.mjs':'transferkit-step.mjs'
const sides=[]
for (const v of variants) { const parts=v.split(','); const mode=parts[0]; const env=parts.slice(1); sides.push(await contestant(v, ['env', ...env, process.execPath, new URL(script, import.meta.url).pathname, step, 'native', mode])) }
for (const s of sides) await s.round(3,false)
for (let r=0;r<Number(rounds);r++) for (const s of sides) await s.round(3,true)
for (const s of sides) { const t=[...s.times].sort((a,b)=>a-b); console.log(s.name.padEnd(30), 'min', t[0].toFixed(1), 'median', t[t.length>>1].toFixed(1), 'MB', Math.round(s.last().memory/1e6)); s.end() }
