#!/usr/bin/env node
// Committed, so that a package manager can link the command before dist/ is built.
import '../dist/main.js';
