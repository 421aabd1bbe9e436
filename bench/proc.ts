/**
 * CPU time, resident memory and listening sockets of processes on Linux.
 * Source: proc_pid_stat(5), proc_pid_statm(5), proc_tid_schedstat (Documentation/scheduler/sched-stats), proc_net(5). On other
 * systems every figure is undefined.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

let unit: { ticksPerS: number; pageBytes: number } | undefined;

/**
 * User and system time of all the process's threads since it started, in milliseconds: in nanosecond steps where the kernel
 * keeps scheduler statistics, in steps of one tick (10 ms) elsewhere.
 */
export function cpuTimeMs(pid: number): number | undefined {
  const stat = readProc(`${pid}/stat`);
  if (stat === undefined) return undefined;
  return threadTimeMs(pid) ?? (parseStatTicks(stat) / units().ticksPerS) * 1000;
}

/** Undefined if the kernel keeps no scheduler statistics. Does not include threads that have ended. */
function threadTimeMs(pid: number): number | undefined {
  let sumNs = 0;
  for (const thread of list(`/proc/${pid}/task`)) {
    sumNs += Number(readProc(`${pid}/task/${thread}/schedstat`)?.split(' ')[0] ?? 0);
  }
  return sumNs > 0 ? sumNs / 1e6 : undefined;
}

export function residentBytes(pid: number): number | undefined {
  const statm = readProc(`${pid}/statm`);
  return statm === undefined ? undefined : parseStatmPages(statm) * units().pageBytes;
}

/** Fields 14 and 15 (utime, stime). The name in field 2 may hold spaces and brackets; it ends at the last bracket. */
export function parseStatTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Field 2 (resident), in pages. */
export function parseStatmPages(statm: string): number {
  return Number(statm.split(' ')[1]);
}

/** Undefined if no process of this user listens on the port. */
export function pidListeningOn(port: number): number | undefined {
  const inodes = ['net/tcp', 'net/tcp6'].flatMap((file) => listeningInodes(readProc(file) ?? '', port));
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  if (sockets.size === 0) return undefined;
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => list(`/proc/${pid}/fd`).some((fd) => sockets.has(linkOf(`/proc/${pid}/fd/${fd}`))));
}

/** The inodes of listening sockets (state 0A) in the table of /proc/net/tcp. */
export function listeningInodes(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [, address = '', , state] = fields;
    return state === '0A' && address.endsWith(`:${hexPort}`) ? [fields[9] ?? ''] : [];
  });
}

/** A short description of the machine, for the result table. */
export function machineText(cpuInfo: string, cores: number, nodeVersion: string): string {
  const model = /^model name\s*:\s*(.+)$/m.exec(cpuInfo)?.[1] ?? 'unknown CPU';
  return `${cores} cores, ${model.trim()}, ${process.platform} ${process.arch}, Node ${nodeVersion}`;
}

/** Undefined if the file does not exist or must not be read. */
function readProc(file: string): string | undefined {
  try {
    return readFileSync(`/proc/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

/** Empty if the folder does not exist or must not be read: processes end while they are listed. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function units() {
  unit ??= { ticksPerS: getconf('CLK_TCK') ?? 100, pageBytes: getconf('PAGESIZE') ?? 4096 };
  return unit;
}

function getconf(name: string): number | undefined {
  try {
    return Number(execFileSync('getconf', [name], { encoding: 'utf8' })) || undefined;
  } catch {
    return undefined;
  }
}
