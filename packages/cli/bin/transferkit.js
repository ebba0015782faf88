#!/usr/bin/env node
// This file is there before the build, so that a package manager can link the command when it installs the workspace.
import '../dist/bin.js'
