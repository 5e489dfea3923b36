"""The selective forwarding unit: media in, copies out, nothing decoded."""
