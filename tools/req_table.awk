# req_table.awk - makes the table of `synwave req` from the ledger:
#
#	awk -f tools/req_table.awk -v scripts="test/req/MUST-1.pkt ..." spec/*.req
#
# The form of the ledger is told at the head of spec/rfc9293.req.  Any POSIX awk.

function quoted(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/\n/, "\\n", text)
	return "\"" text "\""
}

function flush_rule(  i, n, file, name, found, named) {
	if (id == "")
		return
	n = split(scripts, file, " ")
	for (i = 1; i <= n; i++) {
		name = file[i]
		sub(/.*\//, "", name)
		sub(/\.pkt$/, "", name)
		if (name != id && index(name, id "-") != 1)
			continue
		found = found (found == "" ? "" : "\n") file[i]
		named = 1
	}
	if (value["test"] ~ (id "([^0-9A-Za-z_.]|$)"))
		named = 1
	if (found != "")
		value["test"] = found (value["test"] == "" ? "" : "\n" value["test"])
	printf "\t{%d, %d, %s, %s, %s,\n", rfc, named, quoted(id), quoted(section), quoted(level)
	printf "\t %s,\n\t %s,\n\t %s,\n", quoted(value["rule"]), quoted(value["at"]), quoted(value["test"])
	printf "\t %s, %s, %s, %s},\n", quoted(value["but"]), quoted(value["exception"]),
	    quoted(value["decided"]), quoted(value["missing"])
	id = ""
}

BEGIN { print "/* Made by tools/req_table.awk from spec/; not to be edited. */" }
/^#/ || /^[ \t]*$/ { next }
/^rfc / { flush_rule(); rfc = $2; next }
/^[A-Z]/ {
	flush_rule()
	id = $1
	section = $2
	level = $3
	split("", value)
	next
}
/^\t[a-z]+:/ {
	key = $1
	sub(/:$/, "", key)
	text = $0
	sub(/^\t[a-z]+:[ \t]*/, "", text)
	value[key] = value[key] (value[key] == "" ? "" : "\n") text
	next
}
{ print FILENAME ":" FNR ": cannot read: " $0 > "/dev/stderr"; bad = 1 }
END { flush_rule(); exit bad }
