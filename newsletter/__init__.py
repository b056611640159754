"""Compose newsletters as files, render them once, and send them with proof for every reader.

The way of the data, and the packages that answer for each step:

    items ── issues ──→ render ──→ preflight ──→ dispatch ──→ providers
                                                  ↑  ↑           │
                       subscribers ── audience ───┘  └─ outcomes ┘

- `cli`: commands; each parses, calls one function and prints.
- `web`: the public site: joining, confirming, choosing, leaving, the archive.
- `design`: templates as somebody makes them: begun, checked, and shown in every state.
- `telemetry`: what an operator watches: the log, the metrics and the traces of processes that send.
- `upkeep`: what is done every now and then beside sending.
- `feedback`: what comes back about messages: read, stored once, and applied in whatever order it comes.
- `dispatch`: the ledger, and all that moves a delivery from state to state.
- `preflight`: checks an issue before it is sent, one file for each check.
- `links`: the links of an issue: where each is written, how it is shown, and what answers behind it.
- `doctor`: whether everything around the newsletter is ready to send: DNS, provider, site, database, clock.
- `render`: turns an issue into a compiled issue, and that into one reader's bytes.
- `providers`: carries messages and translates what comes back.
- `media`: pictures and documents of an issue: fetched, checked, made small, published.
- `message`: Internet messages as bytes.
- `markup`: the HTML of a finished message, to ask questions of.
- `manuscript`: the texts of an issue as editors wrote them, with the place of every word.
- `issues`: issues as files: read, change, write back without losing a comment.
- `audience`: who gets a dispatch, and who not and why.
- `subscribers`: people, lists and subscriptions.
- `items`: what an article, an event and a publication are, and how they stand in a file.
- `starter`: makes a new workspace.
- `expressions`: the one small language of conditions and values.
- `store`: the database: engine, tables, migrations.
- `fetching`: fetches from the web, guarded.
- `authentication`: what domains say in the DNS about who may send for them: SPF, DKIM, DMARC.
- `probing`: asks our own web site one thing.
- `tokens`: signed, purpose-bound tokens for links.
- `chromium`: a browser of this machine, for pictures of pages.
- `compatibility`: what mail clients make of HTML and CSS.
- `settings`: `newsletter.toml`, the environment and the secrets.
- `documents`: YAML and front matter with the place of everything in them.
- `data`: data files that the package carries.
- `clock`: the time, asked for in one place.
- `event_loop`: runs what waits for the network, by the fastest loop that is installed.
- `plugins`: finds and loads what stands in a plug-in folder or an entry point.
- `workspace`: where everything lies on disk, and atomic writing.
- `errors`: every error that a person may see.
"""

__version__ = "0.1.0"
