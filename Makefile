# The two commands of a fresh machine are `make demo` and `make test`; the rest is for people who work on the code.
# Everything is built in release mode, tests too: the virtual board runs firmware, and a debug build is 30 times slower.

SWIFT  ?= swift
PREFIX ?= /usr/local
BUILD  := $(SWIFT) build -c release
BIN     = .build/release/espmask
PEERS  := .venv-peers
TRAINING := .venv-training

.PHONY: help demo build test unit bench lint format peers needs needs-test sanitize fuzz install clean

help:
	@echo "make demo      install what is needed, build, and run the demo model on the virtual board"
	@echo "make test      install the judges too, lint, build, and run every test"
	@echo "make train-test  train on drawn faces, judge the result here and on the virtual board, test the scripts"
	@echo "make sanitize  run the inference engine on damaged models under the sanitizers (clang)"
	@echo "make fuzz      feed the monitor with damaged logs for ten minutes (libFuzzer)"
	@echo "make bench     measure espmask beside esptool, and the virtual board's speed"
	@echo "make lint      check the format of the Swift sources"
	@echo "make format    put the Swift sources in that format"
	@echo "make install   install to PREFIX ($(PREFIX))"
	@echo "make clean     remove everything that was built"

needs:
	@scripts/install-needs run

needs-test:
	@scripts/install-needs test

build: needs
	@echo "make: building espmask in release mode (the first time takes a minute or two)"
	@$(BUILD) --product espmask

demo: build
	@echo "make: a model becomes predictions on the virtual board"
	@$(BIN) run --count 6

peers: $(PEERS)/ready

$(PEERS)/ready: scripts/peers.txt
	@echo "make: installing the Python judges into $(PEERS)"
	@python3 -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r scripts/peers.txt
	@touch $@

lint:
	@$(SWIFT) format lint --strict -r Package.swift Sources Tests

format:
	@$(SWIFT) format -i -r Package.swift Sources Tests

# What training needs comes first: some of the unit tests are skipped without it.
test: needs-test peers lint train-test unit training-test

unit:
	@echo "make: building the tests in release mode"
	@$(BUILD) --product espmask
	@$(BUILD) --build-tests
	@$(SWIFT) test -c release --skip-build

# By hand, beside the tests: the engine against damaged models and random plans under the sanitizers.
SANITIZE := clang -g -O1 -std=c11 -Wall -Wextra -fuse-ld=lld -fsanitize=address,undefined -fno-sanitize-recover=all
sanitize:
	@mkdir -p .build
	@$(SANITIZE) -ISources/InferenceC/include -o .build/engine_fuzz \
		Tests/InferenceTests/Sanitizer/engine_fuzz.c Sources/InferenceC/*.c
	@.build/engine_fuzz $${ESPMASK_SEED:-1} 2000 models/*.tflite

# By hand as well: the monitor's whole pipeline, which needs nothing of the package but the files named here.
FUZZ_SECONDS ?= 600
FUZZED = $(filter-out %/Addresses/%,$(shell find Sources/DeviceBridge/Monitor -name '*.swift')) \
	Sources/DeviceBridge/Errors/Hexadecimal.swift
fuzz:
	@mkdir -p .build/fuzz
	@swiftc -O -wmo -swift-version 6 -package-name espmask -parse-as-library -sanitize=fuzzer,address \
		-o .build/monitor_fuzz $(FUZZED) Tests/DeviceBridgeTests/Fuzzer/MonitorFuzzer.swift
	@.build/monitor_fuzz -max_total_time=$(FUZZ_SECONDS) -max_len=8000 -timeout=10 .build/fuzz

bench: build needs-test peers
	@$(PEERS)/bin/python scripts/bench.py
	@$(BUILD) --build-tests
	@ESPMASK_BENCH=1 $(SWIFT) test -c release --skip-build --filter BoardSpeed

training-test:
	@echo "make: testing the training scripts (those that need TensorFlow are skipped)"
	@$(PEERS)/bin/python -m pytest -q -p no:cacheprovider training/tests

# The whole way on a small set: the Python environment (1.4 GB, once), training, the report, the board, the scripts.
train-test: build
	@echo "make: training on drawn faces"
	@rm -rf build/train-test
	@mkdir -p build
	@ESPMASK_TRAINING="$(CURDIR)/$(TRAINING)" $(BIN) train --synthetic --count 60 --epochs 60 --starts 1 \
		--out build/train-test
	@$(BIN) evaluate build/train-test --min-accuracy 0.7 --port virtual:
	@$(TRAINING)/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0
	@echo "make: testing the training scripts with TensorFlow"
	@$(TRAINING)/bin/python -m pytest -q -p no:cacheprovider training/tests

install: build
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/espmask"
	install -m 755 $(BIN) "$(DESTDIR)$(PREFIX)/bin/espmask"
	cp -R boards sketches models training "$(DESTDIR)$(PREFIX)/share/espmask/"
	install -d "$(DESTDIR)$(PREFIX)/share/espmask/Sources"
	cp -R Sources/InferenceC "$(DESTDIR)$(PREFIX)/share/espmask/Sources/"

clean:
	rm -rf .build .venv-peers .venv-training .espmask build
