package dev.katran.dataplane;

/** A backend that is down for a VIP, both by their numbers. */
public record DownKey(int vip, int backend) {}
