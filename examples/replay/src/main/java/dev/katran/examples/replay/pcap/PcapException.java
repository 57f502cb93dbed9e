package dev.katran.examples.replay.pcap;

import java.io.IOException;

/** A file is not a capture as it should be; the message says what it is instead. */
public final class PcapException extends IOException {

  private static final long serialVersionUID = 1L;

  PcapException(String message) {
    super(message);
  }
}
