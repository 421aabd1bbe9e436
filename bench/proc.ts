/**
 * CPU time and resident memory of a process on Linux.
 * Source: proc_pid_stat(5), proc_pid_statm(5). On other systems every figure is undefined.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

let unit: { ticksPerS: number; pageBytes: number } | undefined;

/** User and system time of all the process's threads since it started, in milliseconds; in steps of one tick (10 ms). */
export function cpuTimeMs(pid: number): number | undefined {
  const stat = readProc(pid, 'stat');
  return stat === undefined ? undefined : (parseStatTicks(stat) / units().ticksPerS) * 1000;
}

export function residentBytes(pid: number): number | undefined {
  const statm = readProc(pid, 'statm');
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

/** A short description of the machine, for the result table. */
export function machineText(cpuInfo: string, cores: number, nodeVersion: string): string {
  const model = /^model name\s*:\s*(.+)$/m.exec(cpuInfo)?.[1] ?? 'unknown CPU';
  return `${cores} cores, ${model.trim()}, ${process.platform} ${process.arch}, Node ${nodeVersion}`;
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
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
