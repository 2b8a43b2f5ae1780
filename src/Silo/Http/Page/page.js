// Asks for the status once a second and shows it. Everything shown is set as text, never as markup.
"use strict";

const period = 1000, patience = 5000;
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const size = bytes => bytes < 1 << 20 ? number.format(bytes / 1024) + " KiB" : number.format(bytes / (1 << 20)) + " MiB";

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function card(party, status, own) {
  const card = element("article", undefined, status ? "party up" : "party");
  card.id = "party-" + party;
  const title = element("h2", "Party " + party + (party === own ? " (this one) " : " "));
  title.append(element("span", status ? "up" : "down"));
  card.append(title);
  if (!status) {
    card.append(element("p", "Its status does not answer."));
    return card;
  }
  const refused = Object.values(status.framesRefused).reduce((sum, n) => sum + n, 0);
  const rows = [
    ["queries a second", number.format(status.load.queriesPerSecond), "rate"],
    ["p50 / p95", number.format(status.load.p50Ms) + " / " + number.format(status.load.p95Ms) + " ms", "latency"],
    ["answered by three", status.answered, "answered"],
    ["degraded (two)", status.degraded, "degraded"],
    ["refused or failed", status.failed, "failed"],
    ["frames refused", refused, "frames"],
    ["peers up", status.links.filter(l => l.up).map(l => l.peer).join(", ") || "none", "peers"],
    ["transport", status.transport, "transport"],
  ];
  for (const table of status.tables) {
    rows.push(["stock of " + table.name, table.stockItems + " items, " + size(table.stockBytes), "stock"]);
    rows.push(["tickets leased / used / refused", table.ticketsLeased + " / " + table.ticketsUsed + " / " + table.ticketsRefused, "tickets"]);
  }
  rows.push(["memory", size(status.workingSetBytes), "memory"], ["up for", number.format(status.uptimeSeconds) + " s", "uptime"]);
  const list = element("dl");
  for (const [label, value, name] of rows) list.append(element("dt", label), element("dd", String(value), name));
  card.append(list);
  return card;
}

function line(query, tables) {
  const row = element("tr");
  const request = element("td");
  request.append(element("code", "…" + query.sealedEnd), " " + query.sealedBytes + " bytes");
  row.append(element("td", new Date(query.at).toLocaleTimeString()), element("td", query.id.slice(0, 8)),
    element("td", tables[query.tableVersion] ?? "unknown"), element("td", query.rows), element("td", query.parties.join(", ")), request,
    element("td", "not known here", "unseen"), element("td", query.outcome), element("td", number.format(query.milliseconds)),
    element("td", size(query.bytesSent) + " / " + size(query.bytesReceived)));
  return row;
}

async function refresh() {
  const state = document.getElementById("state");
  try {
    const response = await fetch("/api/status", { credentials: "same-origin", signal: AbortSignal.timeout(patience) });
    if (response.status === 401) {
      location.assign("/login");
      return;
    }
    if (!response.ok) throw new Error("status " + response.status);
    const status = await response.json();
    document.getElementById("parties").replaceChildren(...status.parties.map((p, i) => card(i + 1, p, status.party)));
    document.querySelector("#seen tbody").replaceChildren(...status.seen.map(q => line(q, status.tableNames)));
    state.textContent = "as of " + new Date().toLocaleTimeString();
    state.className = "";
  } catch (error) {
    state.textContent = "this party does not answer (" + error.message + "); what is shown is old";
    state.className = "stale";
  }
  setTimeout(refresh, period);
}

refresh();
