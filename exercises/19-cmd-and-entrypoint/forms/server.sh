trap "echo bye; exit 0" TERM
echo ready
while true; do sleep 0.1; done
