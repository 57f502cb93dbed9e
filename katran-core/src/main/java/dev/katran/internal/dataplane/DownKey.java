package dev.katran.internal.dataplane;

/**
 * A backend that is down for a VIP: {@code struct katran_down_key} of {@code katran.h}.
 *
 * @param vip the VIP's index
 * @param backend the backend's index
 */
public record DownKey(int vip, int backend) {}
