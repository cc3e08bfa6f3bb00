"use client";

import { useEffect } from "react";

export function Ready() {
  useEffect(() => {
    document.documentElement.dataset.ready = "yes";
  }, []);
  return null;
}
