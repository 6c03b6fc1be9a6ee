import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, loadavg } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startIdentity } from '../dev/identity.mjs';
import { startPostgres } from '../tests/chaos/postgres.mjs';
import { Peer, makeTables, preparePeer, saveKeySet } from './peers.mjs';
const run = promisify(execFile);
const conns = process.env.CONNS ?? '256';
const folder = mkdtempSync(join(tmpdir(), 'agizo-tune-'));
const identity = await startIdentity({ algorithm: 'RS256' });
const postgres = await startPostgres({ settings: { max_connections: 300 } });
const token = await identity.serviceToken({ scope: 'orders:read orders:write' });
const keySet = await saveKeySet(identity.issuer, folder);
let n = 0;
for (const spec of process.argv.slice(2)) {
  const [name, ...sets] = spec.split(',');
  const settings = Object.fromEntries(sets.map((s) => s.split('=')));
  await preparePeer(name);
  const db = `tune${n++}`;
  execFileSync('psql', ['-Xq', '-d', postgres.address, '-c', `create database ${db}`]);
  const address = postgres.address.replace('/postgres?', `/${db}?`);
  makeTables(address, 100);
  const peer = await Peer.make(name, { address, issuer: identity.issuer, audience: identity.audience, keySet, log: join(folder, 'log'), settings });
  await peer.start(); await peer.ready();
  const go = async (s) => (await run('wrk', ['-t1', `-c${conns}`, `-d${s}s`, '-s', 'bench/orders.lua', peer.url], { env: { ...process.env, TOKEN: token, CUSTOMERS: '100' } })).stdout.split('\n').find((l) => l.startsWith('{'));
  await go(1);
  const r = JSON.parse(await go(4));
  console.log(spec.padEnd(60), Math.round(r.requests / r.micros * 1e6), '/s p50', r.p50 / 1000, 'p99', r.p99 / 1000, 'refused', r.refused, 'broken', r.broken, 'mem', Math.round(peer.memory() / 1024), 'MiB load', loadavg()[0].toFixed(1));
  await peer.stop();
}
await identity.close(); await postgres.stop();
try { console.log(execFileSync('tail', ['-5', join(folder, 'log')], { encoding: 'utf8' })); } catch {}
rmSync(folder, { recursive: true });
