import { describe, expect, it } from 'vitest';
import { codeCompletion } from '../../../test/support/code-completion.ts';
import { codeFile } from './code-language.ts';

describe('the language of a code file', () => {
  const named: readonly [string, string][] = [
    ['src/a.py', 'python'],
    ['a.test.tsx', 'tsx'],
    ['C:\\work\\Main.CS', 'csharp'],
    ['main.tf', 'tf'],
    ['Dockerfile', 'shell'],
    ['x.hpp', 'cpp'],
    ['query.SQL', 'sql'],
  ];
  it.each(named)('follows from the name %s', (fileName, language) => {
    expect(codeFile(codeCompletion({ fileName }))).toEqual({ language, fileName, isGuess: false });
  });

  const words: readonly [string, string, string][] = [
    ['typescriptreact', 'tsx', 'untitled.tsx'],
    ['Python', 'python', 'untitled.py'],
    ['c++', 'cpp', 'untitled.cpp'],
    ['shellscript', 'shell', 'untitled.sh'],
    ['rs', 'rust', 'untitled.rs'],
  ];
  it.each(words)("follows from the client's name %s", (language, expected, fileName) => {
    expect(codeFile(codeCompletion({ language }))).toEqual({ language: expected, fileName, isGuess: false });
  });

  it('follows from the language name before the file name', () => {
    const file = codeFile(codeCompletion({ language: 'vue', fileName: 'App.html' }));
    expect(file).toEqual({ language: 'vue', fileName: 'App.html', isGuess: false });
  });

  const heads: readonly [string, string][] = [
    ['// src/shop/cart.ts\nconst x = ', 'src/shop/cart.ts'],
    ['# Path: lib/other.py\n# def other(): pass\n# app/main.py\nimport ', 'app/main.py'],
    ['<!-- pages/index.vue -->\n<template>', 'pages/index.vue'],
    ['-- db/schema.sql\nselect ', 'db/schema.sql'],
  ];
  it.each(heads)('follows from a path in the comments above the code: %j', (prefix, fileName) => {
    expect(codeFile(codeCompletion({ prefix }))).toMatchObject({ fileName, isGuess: false });
  });

  it('does not follow from a path further down, or from text that is not a path', () => {
    expect(codeFile(codeCompletion({ prefix: 'x\n// a.py\n' })).language).toBe('plaintext');
    expect(codeFile(codeCompletion({ prefix: '# see notes.doc, and so on.\n' })).language).toBe('plaintext');
  });

  const guesses: readonly [string, string][] = [
    ['def add(a, b):\n    return ', 'python'],
    ['package main\n\nfunc add(a int, b int) int {\n\treturn ', 'go'],
    ['fn add(a: i32, b: i32) -> i32 {\n    ', 'rust'],
    ['export function add(a: number, b: number) {\n  return ', 'typescript'],
    ['function add(a, b) {\n  return ', 'javascript'],
    ['#include <vector>\nint main() { std::vector<int> v; ', 'cpp'],
    ['#include <stdio.h>\nint main(void) {', 'c'],
    ['public class Main {\n  public static void main(', 'java'],
    ['<?php\nfunction add($a) {', 'php'],
    ['#!/bin/bash\nfor f in *; do ', 'shell'],
    ['SELECT a, b\nFROM c WHERE ', 'sql'],
    ['{"name": "x", ', 'json'],
  ];
  it.each(guesses)('is guessed from %j, and marked as a guess', (prefix, language) => {
    expect(codeFile(codeCompletion({ prefix }))).toMatchObject({ language, isGuess: true });
  });

  it('is plain text if nothing names it', () => {
    const file = codeFile(codeCompletion({ prefix: 'Dear Sir, ' }));
    expect(file).toEqual({ language: 'plaintext', fileName: 'untitled.txt', isGuess: false });
  });
});
