# Prints a measurement every half a second. UNBUFFERED=1 makes it write each
# line at once, as PYTHONUNBUFFERED=1 does in Python.
measure() {
  number=0
  while sleep 0.5; do
    number=$((number + 1))
    echo "measurement $number"
  done
}
if [ "$UNBUFFERED" = 1 ]; then
  measure | while read -r line; do echo "meter: $line"; done
else
  measure | sed 's/^/meter: /'
fi
