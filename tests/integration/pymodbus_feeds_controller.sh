#!/usr/bin/env bash
# A Modbus server that others wrote (pymodbus) feeds a controller: its values arrive with their units, a hung
# server turns them stale, and one that comes back is heard again.
set -euo pipefail
# shellcheck source=tests/service/live_site.bash
source "$CAPSTAN_SOURCE_DIR/tests/service/live_site.bash"

hung() { kill -"$1" "${pid[pymodbus]}"; }
trap 'hung CONT 2>/dev/null || true; end_all' EXIT # a stopped process does not hear TERM

start pymodbus /usr/bin/python3 "$CAPSTAN_SOURCE_DIR/tests/integration/pymodbus_server.py" port 40000
within 20 "pymodbus" test -s port
mkdir site
cat >site/site.cfg <<EOF
site = { name = "foreign"; time_zone = "UTC"; };
branches = ( { name = "site"; level = "site"; rating = "100 kW"; meter = "grid"; },
             { name = "rack"; parent = "site"; level = "rack"; rating = "60 kW"; meter = "rack_meter"; } );
meters = ( { name = "grid"; driver = "modbus"; address = "127.0.0.1:$(<port)"; unit = 1;
             profile = "eastron-sdm630"; interval = "200 ms"; response_timeout = "300 ms"; stale_after = "1 s"; },
           { name = "rack_meter"; driver = "modbus"; address = "127.0.0.1:$(<port)"; unit = 3;
             profile = "sunspec-meter-203"; interval = "200 ms"; response_timeout = "300 ms"; stale_after = "1 s"; } );
EOF
cat >site/policy.cfg <<'EOF'
policies = ( { name = "contract"; kind = "import_limit"; branch = "site"; limit = "80 kW"; } );
EOF
controller_up --log-level notice

# point NAME FIELD: what the controller says of a point
point() { status ".points[] | select(.name == \"$1\") | .$2"; }
point_is() { [[ $(point "$1" "$2") == "$3" ]]; }
# branch_true NAME CONDITION
branch_true() { status_true ".branches[] | select(.name == \"$1\") | $2"; }

within 10 "the grid's power" branch_true site '.quality == "good" and .measured_w >= 40000 and .measured_w < 50000'
within 10 "the rack's power" branch_true rack '.quality == "good" and .measured_w >= 40000 and .measured_w < 50000'
point_is grid.voltage_l1 value 230.5 || die "voltage: $(point grid.voltage_l1 value)"
point_is grid.energy_import value 1234500 || die "energy: $(point grid.energy_import value) Wh"
point_is rack_meter.power_factor value 0.98 || die "power factor: $(point rack_meter.power_factor value)"
point_is rack_meter.energy_export quality bad || die "a counter that is not implemented was taken"
first_w=$(status '.branches[0].measured_w')
within 10 "a value that moves" branch_true site ".measured_w > $first_w"
status_true '[.devices[] | .state == "up" and .counters.answers > 0 and .counters.malformed == 0] | all' ||
    die "$(status .devices)"

hung STOP # hangs, with its connections open
within 10 "stale readings" point_is grid.power quality stale
within 10 "devices that are lost" status_true '[.devices[] | .state == "lost"] | all'
hung CONT
within 40 "good readings again" point_is grid.power quality good
within 40 "the SunSpec meter again" point_is rack_meter.power quality good

stop controller
[[ $code == 0 ]] || die "exit code $code"
echo "pymodbus_feeds_controller: read, went stale, was read again"
