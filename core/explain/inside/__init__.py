"""What happens inside a trained network: layers, feature maps, Grad-CAM, receptive fields."""
