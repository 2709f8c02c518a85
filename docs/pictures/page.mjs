// SPDX-License-Identifier: GPL-3.0-or-later
//
// page.mjs ADDRESS FILE MODULES: what the browser shows of ADDRESS, as FILE. Started by take.

import { createRequire } from "node:module";
import { join } from "node:path";

const [address, file, modules] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, "x.js"))("playwright-core");
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
const page = await browser.newPage({ viewport: { width: 1080, height: 400 } });
await page.goto(address);
await page.screenshot({ path: file, fullPage: true });
await browser.close();
